// How names are resolved: typed_dns_resolver_config and the fields that it replaced.
#include "fmt/format.h"

#include "envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.pb.h"
#include "envoy/extensions/network/dns_resolver/getaddrinfo/v3/getaddrinfo_dns_resolver.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::DnsResolutionConfig;
using envoy::config::core::v3::DnsResolverOptions;
using envoy::config::core::v3::TypedExtensionConfig;
using envoy::extensions::network::dns_resolver::cares::v3::CaresDnsResolverConfig;
using envoy::extensions::network::dns_resolver::getaddrinfo::v3::GetAddrInfoDnsResolverConfig;

void compile_options(const DnsResolverOptions& from, config::DnsResolver& out) {
  out.use_tcp = from.use_tcp_for_dns_lookups();
  out.no_default_search_domain = from.no_default_search_domain();
}

absl::StatusOr<config::DnsResolver> compile_cares(const CaresDnsResolverConfig& from) {
  FieldErrors errors;
  config::DnsResolver out;
  compile_dns_servers(from.resolvers(), "resolvers", out, errors);
  out.servers_as_fallback = from.use_resolvers_as_fallback();
  out.filter_unroutable_families = from.filter_unroutable_families();
  compile_options(from.dns_resolver_options(), out);
  if (from.has_query_timeout_seconds())
    out.query_timeout = std::chrono::seconds(from.query_timeout_seconds().value());
  if (from.has_query_tries()) out.query_tries = from.query_tries().value();
  out.rotate = from.rotate_nameservers();
  if (from.has_edns0_max_payload_size())
    out.edns0_max_payload = from.edns0_max_payload_size().value();
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

void compile_dns_servers(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::Address>& servers,
    std::string_view field, config::DnsResolver& out, FieldErrors& errors) {
  for (int i = 0; i < servers.size(); ++i) {
    // DNS servers are asked over UDP, whatever the address says.
    envoy::config::core::v3::Address address = servers.Get(i);
    if (address.has_socket_address())
      address.mutable_socket_address()->set_protocol(envoy::config::core::v3::SocketAddress::TCP);
    auto server = compile_address(address);
    if (!server.ok()) {
      errors.add_nested(indexed(field, i), server.status());
    } else if (!server->is_ip()) {
      errors.add(indexed(field, i), "is not an IP address");
    } else {
      out.servers.push_back(*server);
    }
  }
}

absl::StatusOr<config::DnsResolver> compile_dns_resolver(const TypedExtensionConfig& message) {
  FieldErrors errors;
  CaresDnsResolverConfig cares;
  const auto& any = message.typed_config();
  if (is_type(any, cares.GetDescriptor()->full_name()) && any.UnpackTo(&cares)) {
    config::DnsResolver out = errors.take_nested("typed_config", compile_cares(cares));
    if (!errors.empty()) return errors.status();
    return out;
  }
  // The system's servers and search domains, asked by the same library.
  if (is_type(any, GetAddrInfoDnsResolverConfig::descriptor()->full_name()))
    return config::DnsResolver();
  errors.add("", fmt::format("'{}' is not supported by Outrigger", message.name()));
  return errors.status();
}

absl::StatusOr<config::DnsResolver> compile_dns_resolver(const DnsResolutionConfig& message) {
  FieldErrors errors;
  config::DnsResolver out;
  compile_dns_servers(message.resolvers(), "resolvers", out, errors);
  compile_options(message.dns_resolver_options(), out);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
