#include "xds/compile_grpc_service.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "xds/compile_cluster.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/google_grpc_cluster.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::GrpcService;
using ClusterExists = std::function<bool(std::string_view)>;

// A value may have command operators, which these calls have no request for; "%%" is a percent
// sign.
std::string literal_value(const std::string& field, std::string_view text, FieldErrors& errors) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.substr(i, 2) != "%%") {
        errors.add(field, fmt::format("'{}' has a command operator, which is not supported by "
                                      "Outrigger here",
                                      text));
        return {};
      }
      ++i;
    }
    out.push_back(text[i]);
  }
  return out;
}

void compile_metadata(const GrpcService& from, config::GrpcService& out, FieldErrors& errors) {
  for (int i = 0; i < from.initial_metadata_size(); ++i) {
    const auto& entry = from.initial_metadata(i);
    std::string field = indexed("initial_metadata", i);
    std::string name = absl::AsciiStrToLower(entry.key());
    if (name.empty() || name.starts_with(':') || name == "host") {
      errors.add(field + ".key", fmt::format("'{}' cannot be set", entry.key()));
      continue;
    }
    out.initial_metadata.emplace_back(std::move(name),
                                      literal_value(field + ".value", entry.value(), errors));
  }
}

void compile_retry(const envoy::config::core::v3::RetryPolicy& policy, config::GrpcService& out,
                   FieldErrors& errors) {
  if (!policy.has_retry_back_off()) return;
  const auto& back_off = policy.retry_back_off();
  out.retry_base = to_milliseconds(back_off.base_interval());
  out.retry_max =
      back_off.has_max_interval() ? to_milliseconds(back_off.max_interval()) : *out.retry_base * 10;
  if (*out.retry_max < *out.retry_base)
    errors.add("retry_policy.retry_back_off.max_interval", "must not be below base_interval");
}

void compile_envoy(const GrpcService::EnvoyGrpc& from, CompileEnvironment& environment,
                   const ClusterExists& exists, config::GrpcService& out, FieldErrors& errors) {
  if (exists != nullptr && !exists(from.cluster_name()))
    errors.add("cluster_name", fmt::format("unknown cluster '{}'", from.cluster_name()));
  out.cluster = environment.clusters.ref(from.cluster_name());
  out.authority = from.authority();
  out.max_receive_message_bytes = from.max_receive_message_length().value();
  out.envoy_headers = !from.skip_envoy_headers();
  compile_retry(from.retry_policy(), out, errors);
}

void compile_google(const GrpcService::GoogleGrpc& from, CompileEnvironment& environment,
                    config::GrpcService& out, FieldErrors& errors) {
  auto made = make_google_grpc_cluster(from, out);
  if (!made.ok()) return errors.add_nested("", made.status());
  auto cluster = compile_cluster(made->cluster, environment);
  // Its problems are those of files that the credentials name.
  if (!cluster.ok()) return errors.add_nested("", cluster.status());
  out.own_cluster = *std::move(cluster);
  out.cluster = out.own_cluster->ref;
  out.authority = std::move(made->authority);
  out.stat_prefix = from.stat_prefix();
  if (environment.own_cluster != nullptr) environment.own_cluster(out.own_cluster);
}

}  // namespace

absl::StatusOr<config::GrpcService> compile_grpc_service(const GrpcService& service,
                                                         CompileEnvironment& environment,
                                                         const ClusterExists& cluster_exists) {
  FieldErrors errors;
  config::GrpcService out;
  compile_metadata(service, out, errors);
  if (service.has_timeout()) out.timeout = to_milliseconds(service.timeout());
  FieldErrors kind;
  if (service.has_envoy_grpc()) {
    compile_envoy(service.envoy_grpc(), environment, cluster_exists, out, kind);
  } else if (service.has_google_grpc()) {
    compile_google(service.google_grpc(), environment, out, kind);
  } else {
    errors.add("", "needs envoy_grpc or google_grpc");
  }
  if (!kind.empty())
    errors.add_nested(service.has_envoy_grpc() ? "envoy_grpc" : "google_grpc", kind.status());
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
