// LocalRateLimit: refuses connections that come faster than a token bucket of the process allows.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/local_rate_limit_filter
// Thread: the connection's worker; the bucket is shared. Lifetime: the connection's.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/filter/network_filter.h"
#include "api/stats.h"
#include "filters/network/local_ratelimit/token_bucket.h"

namespace outrigger::filters::local_ratelimit {

#define OUTRIGGER_LOCAL_RATE_LIMIT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) COUNTER(rate_limited)
OUTRIGGER_DEFINE_STATS(LocalRateLimitStats, OUTRIGGER_LOCAL_RATE_LIMIT_STATS)

struct Settings {
  std::shared_ptr<TokenBucket> bucket;
  bool enabled = true;
  std::string runtime_key;  // of `enabled`
  StatsScopePtr stats;
};

class LocalRateLimitFilter final : public NetworkFilter {
 public:
  explicit LocalRateLimitFilter(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)) {}

  NetworkVerdict on_new_connection(NetworkFilterContext& context) override;

 private:
  std::shared_ptr<const Settings> settings_;
};

class LocalRateLimitFactory final : public NetworkFilterFactory {
 public:
  explicit LocalRateLimitFactory(Settings settings)
      : settings_(std::make_shared<const Settings>(std::move(settings))) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<LocalRateLimitFilter>(settings_);
  }

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace outrigger::filters::local_ratelimit
