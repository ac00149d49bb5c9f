#include "xds/google_grpc_cluster.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "fmt/format.h"

#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

#include "api/net/address.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using GoogleGrpc = envoy::config::core::v3::GrpcService::GoogleGrpc;
using envoy::extensions::transport_sockets::tls::v3::SubjectAltNameMatcher;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;

void add_endpoints(const GrpcTarget& target, Cluster& out) {
  out.set_type(target.unix_socket || target.literal ? Cluster::STATIC : Cluster::LOGICAL_DNS);
  out.mutable_load_assignment()->set_cluster_name(out.name());
  auto* locality = out.mutable_load_assignment()->add_endpoints();
  for (const auto& [host, port] : target.hosts) {
    auto* address = locality->add_lb_endpoints()->mutable_endpoint()->mutable_address();
    if (target.unix_socket) {
      address->mutable_pipe()->set_path(host);
    } else {
      address->mutable_socket_address()->set_address(host);
      address->mutable_socket_address()->set_port_value(port);
    }
  }
}

// TLS as gRPC does it: the server's name is the target's, and its certificate must have it.
void add_tls(const GoogleGrpc::SslCredentials& from, const std::string& name, Cluster& out) {
  UpstreamTlsContext tls;
  bool literal = net::Address::from_ip(name, 0).has_value();
  if (!literal) tls.set_sni(name);
  auto* common = tls.mutable_common_tls_context();
  common->add_alpn_protocols("h2");
  if (from.has_cert_chain() || from.has_private_key()) {
    auto* certificate = common->add_tls_certificates();
    *certificate->mutable_certificate_chain() = from.cert_chain();
    *certificate->mutable_private_key() = from.private_key();
  }
  auto* validation = common->mutable_validation_context();
  if (from.has_root_certs()) {
    *validation->mutable_trusted_ca() = from.root_certs();
  } else {
    validation->mutable_system_root_certs();
  }
  auto* match = validation->add_match_typed_subject_alt_names();
  match->set_san_type(literal ? SubjectAltNameMatcher::IP_ADDRESS : SubjectAltNameMatcher::DNS);
  match->mutable_matcher()->set_exact(name);
  out.mutable_transport_socket()->set_name("envoy.transport_sockets.tls");
  out.mutable_transport_socket()->mutable_typed_config()->PackFrom(tls);
}

bool is_local(const GrpcTarget& target) {
  return target.unix_socket ||
         std::all_of(target.hosts.begin(), target.hosts.end(), [](const auto& host) {
           auto address = net::Address::from_ip(host.first, host.second);
           return address && address->is_loopback();
         });
}

void add_credentials(const GoogleGrpc& google, const GrpcTarget& target, const std::string& name,
                     Cluster& out, FieldErrors& errors) {
  const auto& credentials = google.channel_credentials();
  using Kind = GoogleGrpc::ChannelCredentials;
  switch (credentials.credential_specifier_case()) {
    case Kind::kSslCredentials:
      add_tls(credentials.ssl_credentials(), name, out);
      return;
    case Kind::kGoogleDefault:
      errors.add("channel_credentials.google_default", "is not supported by Outrigger");
      return;
    case Kind::kLocalCredentials:
      if (!is_local(target))
        errors.add("channel_credentials.local_credentials",
                   fmt::format("'{}' is neither a Unix socket nor a loopback address",
                               google.target_uri()));
      return;
    case Kind::CREDENTIAL_SPECIFIER_NOT_SET:
      return;
  }
}

void add_call_credentials(const GoogleGrpc& google, config::GrpcService& service,
                          FieldErrors& errors) {
  for (int i = 0; i < google.call_credentials_size(); ++i) {
    const auto& credentials = google.call_credentials(i);
    if (credentials.credential_specifier_case() != GoogleGrpc::CallCredentials::kAccessToken) {
      errors.add(indexed("call_credentials", i), "only access_token is supported by Outrigger");
      continue;
    }
    service.initial_metadata.emplace_back("authorization", "Bearer " + credentials.access_token());
  }
}

struct ChannelArgs {
  std::string authority;
  std::string tls_name;
};

// Those that ask for what is done here in another way.
constexpr std::string_view kHarmlessArgs[] = {
    "grpc.use_local_subchannel_pool",
    "grpc.http2.max_pings_without_data",
    "grpc.http2.min_sent_ping_interval_without_data_ms",
    "grpc.http2.bdp_probe",
    "grpc.keepalive_permit_without_calls",
    "grpc.enable_retries",
    "grpc.service_config_disable_resolution",
    "grpc.dns_enable_srv_queries",
    "grpc.dns_min_time_between_resolutions_ms",
    "grpc.max_send_message_length",
    "grpc.primary_user_agent",
    "grpc.secondary_user_agent",
    "grpc.enable_http_proxy",
};

void set_milliseconds(int64_t value, google::protobuf::Duration& out) {
  out.set_seconds(value / 1000);
  out.set_nanos(static_cast<int32_t>(value % 1000) * 1'000'000);
}

void compile_arg(const std::string& key, const GoogleGrpc::ChannelArgs::Value& value,
                 ChannelArgs& args, Cluster& cluster, config::GrpcService& service,
                 FieldErrors& errors) {
  std::string field = fmt::format("channel_args.args[\"{}\"]", key);
  auto positive = [&] {
    if (value.int_value() > 0) return true;
    errors.add(field, "must be a number above 0");
    return false;
  };
  auto ping = [&]() -> auto& {
    return *cluster.mutable_http2_protocol_options()->mutable_connection_keepalive();
  };
  if (key == "grpc.keepalive_time_ms") {
    if (positive()) set_milliseconds(value.int_value(), *ping().mutable_interval());
  } else if (key == "grpc.keepalive_timeout_ms") {
    if (positive()) set_milliseconds(value.int_value(), *ping().mutable_timeout());
  } else if (key == "grpc.max_receive_message_length") {
    if (value.int_value() != -1 && positive())
      service.max_receive_message_bytes =
          static_cast<uint32_t>(std::min<int64_t>(value.int_value(), UINT32_MAX));
  } else if (key == "grpc.default_authority") {
    args.authority = value.string_value();
  } else if (key == "grpc.ssl_target_name_override") {
    args.tls_name = value.string_value();
  } else if (key == "grpc.initial_reconnect_backoff_ms") {
    if (positive()) service.retry_base = std::chrono::milliseconds(value.int_value());
  } else if (key == "grpc.max_reconnect_backoff_ms") {
    if (positive()) service.retry_max = std::chrono::milliseconds(value.int_value());
  } else if (std::find(std::begin(kHarmlessArgs), std::end(kHarmlessArgs), key) ==
             std::end(kHarmlessArgs)) {
    errors.add(field, "is not supported by Outrigger");
  }
}

// gRPC's, where only the interval is given.
constexpr int64_t kPingTimeoutMs = 20'000;

ChannelArgs compile_args(const GoogleGrpc& google, Cluster& cluster, config::GrpcService& service,
                         FieldErrors& errors) {
  ChannelArgs out;
  for (const auto& [key, value] : google.channel_args().args())
    compile_arg(key, value, out, cluster, service, errors);
  auto& http2 = *cluster.mutable_http2_protocol_options();
  if (!http2.connection_keepalive().has_interval()) {
    http2.clear_connection_keepalive();  // a timeout of pings that are not sent
  } else if (!http2.connection_keepalive().has_timeout()) {
    set_milliseconds(kPingTimeoutMs, *http2.mutable_connection_keepalive()->mutable_timeout());
  }
  return out;
}

void encode_binary_metadata(config::GrpcService& service) {
  for (auto& [name, value] : service.initial_metadata) {
    if (name.ends_with("-bin")) value = absl::Base64Escape(value);
  }
}

}  // namespace

absl::StatusOr<GoogleGrpcCluster> make_google_grpc_cluster(const GoogleGrpc& google,
                                                           config::GrpcService& service) {
  FieldErrors errors;
  GoogleGrpcCluster out;
  Cluster& cluster = out.cluster;
  // One cluster for equal messages; its statistics under the name that the configuration gives.
  cluster.set_name(fmt::format("google_grpc:{}:{:016x}", google.target_uri(),
                               std::hash<std::string>()(google.SerializeAsString())));
  cluster.set_alt_stat_name("google_grpc." + google.stat_prefix());
  cluster.mutable_http2_protocol_options();
  if (google.has_per_stream_buffer_limit_bytes())
    *cluster.mutable_per_connection_buffer_limit_bytes() = google.per_stream_buffer_limit_bytes();
  auto target = errors.take("target_uri", parse_grpc_target(google.target_uri()));
  if (!errors.empty()) return errors.status();
  encode_binary_metadata(service);
  ChannelArgs args = compile_args(google, cluster, service, errors);
  out.authority = args.authority.empty() ? target.authority : args.authority;
  add_endpoints(target, cluster);
  std::string tls_name = target.unix_socket ? "localhost" : target.hosts.front().first;
  add_credentials(google, target, args.tls_name.empty() ? tls_name : args.tls_name, cluster,
                  errors);
  add_call_credentials(google, service, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
