// Compiles the configuration of a DNS cache, and finds the cache. Thread: main. Errors open with
// the field's path inside it.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache.pb.h"

#include "api/dns_cache.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

absl::StatusOr<config::DnsCacheConfig> compile_dns_cache_config(
    const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig& message,
    const config::DnsResolver& default_resolver);

// nullptr: the environment has no caches.
absl::StatusOr<DnsCachePtr> compile_dns_cache(
    const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig& message,
    CompileEnvironment& environment);

}  // namespace outrigger::xds
