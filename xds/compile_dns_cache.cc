#include "xds/compile_dns_cache.h"

#include <string>

#include "fmt/format.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using CacheMessage = envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig;

void compile_rates(const CacheMessage& message, config::DnsCacheConfig& out, FieldErrors& errors) {
  auto take = [](bool has, const google::protobuf::Duration& duration,
                 std::chrono::milliseconds& to) {
    if (has) to = to_milliseconds(duration);
  };
  take(message.has_dns_refresh_rate(), message.dns_refresh_rate(), out.refresh_rate);
  take(message.has_dns_min_refresh_rate(), message.dns_min_refresh_rate(), out.min_refresh_rate);
  take(message.has_host_ttl(), message.host_ttl(), out.host_ttl);
  take(message.has_dns_query_timeout(), message.dns_query_timeout(), out.query_timeout);
  out.refresh_after_failure = !message.disable_dns_refresh_on_failure();
  // Without a rate of its own a failure is tried again at the usual one.
  out.failure_base = out.failure_max = out.refresh_rate;
  if (!message.has_dns_failure_refresh_rate()) return;
  const auto& rate = message.dns_failure_refresh_rate();
  out.failure_base = to_milliseconds(rate.base_interval());
  out.failure_max =
      rate.has_max_interval() ? to_milliseconds(rate.max_interval()) : out.failure_base * 10;
  if (out.failure_max < out.failure_base)
    errors.add("dns_failure_refresh_rate", "max_interval must not be less than base_interval");
}

void compile_resolver(const CacheMessage& message, config::DnsCacheConfig& out,
                      FieldErrors& errors) {
  if (message.has_typed_dns_resolver_config()) {
    out.resolver = errors.take_nested("typed_dns_resolver_config",
                                      compile_dns_resolver(message.typed_dns_resolver_config()));
  } else if (message.has_dns_resolution_config()) {
    out.resolver = errors.take_nested("dns_resolution_config",
                                      compile_dns_resolver(message.dns_resolution_config()));
  } else if (message.use_tcp_for_dns_lookups()) {
    out.resolver = {};
    out.resolver.use_tcp = true;
  }
}

void compile_preresolved(const CacheMessage& message, config::DnsCacheConfig& out,
                         FieldErrors& errors) {
  if (static_cast<uint32_t>(message.preresolve_hostnames_size()) > out.max_hosts)
    errors.add("preresolve_hostnames",
               fmt::format("names {} hosts, but max_hosts is {}",
                           message.preresolve_hostnames_size(), out.max_hosts));
  for (int i = 0; i < message.preresolve_hostnames_size(); ++i) {
    const auto& host = message.preresolve_hostnames(i);
    auto key = host.port_value() == 0 || host.port_value() > 0xffff
                   ? std::nullopt
                   : DnsHostKey::parse(host.address(), static_cast<uint16_t>(host.port_value()));
    if (!key) {
      errors.add(indexed("preresolve_hostnames", i), "is not a host name with a port_value");
    } else {
      out.preresolved.emplace_back(key->text());
    }
  }
}

}  // namespace

absl::StatusOr<config::DnsCacheConfig> compile_dns_cache_config(
    const CacheMessage& message, const config::DnsResolver& default_resolver) {
  FieldErrors errors;
  config::DnsCacheConfig out;
  out.name = message.name();
  out.family = compile_dns_family(message.dns_lookup_family());
  out.resolver = default_resolver;
  compile_resolver(message, out, errors);
  compile_rates(message, out, errors);
  if (message.has_max_hosts()) out.max_hosts = message.max_hosts().value();
  if (message.dns_cache_circuit_breaker().has_max_pending_requests())
    out.max_pending_requests = message.dns_cache_circuit_breaker().max_pending_requests().value();
  compile_preresolved(message, out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<DnsCachePtr> compile_dns_cache(const CacheMessage& message,
                                              CompileEnvironment& environment) {
  auto config = compile_dns_cache_config(message, environment.resolver);
  if (!config.ok()) return config.status();
  if (environment.dns_caches == nullptr) return DnsCachePtr();
  return environment.dns_caches->get(*config);
}

}  // namespace outrigger::xds
