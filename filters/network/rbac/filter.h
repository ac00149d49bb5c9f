// Rbac: lets connections through by policies on who comes and where to, judged with the first
// octets that arrive. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/rbac_filter
// Thread: the connection's worker. Lifetime: the connection's.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/filter/network_filter.h"
#include "api/rbac.h"
#include "api/stats.h"

namespace outrigger::filters::network_rbac {

#define OUTRIGGER_RBAC_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(allowed)                                             \
  COUNTER(denied)
OUTRIGGER_DEFINE_STATS(RbacStats, OUTRIGGER_RBAC_STATS)

#define OUTRIGGER_RBAC_SHADOW_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(shadow_allowed)                                             \
  COUNTER(shadow_denied)
OUTRIGGER_DEFINE_STATS(RbacShadowStats, OUTRIGGER_RBAC_SHADOW_STATS)

struct Settings {
  std::optional<rbac::Policies> rules;         // absent: everything is allowed
  std::optional<rbac::Policies> shadow_rules;  // judge, and only tell
  std::string shadow_prefix;                   // of the dynamic metadata's keys
  bool continuous = false;                     // judge again with whatever arrives
  std::optional<std::chrono::milliseconds> delay_deny;
  StatsScopePtr stats, shadow_stats;
};

class RbacFilter final : public NetworkFilter {
 public:
  explicit RbacFilter(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)) {}

  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end_stream) override;
  void on_timer(NetworkFilterContext& context) override;

 private:
  void judge_shadow(NetworkFilterContext& context);
  bool judge(NetworkFilterContext& context);
  NetworkVerdict deny(NetworkFilterContext& context);

  std::shared_ptr<const Settings> settings_;
  bool judged_ = false;
};

class RbacFactory final : public NetworkFilterFactory {
 public:
  explicit RbacFactory(Settings settings)
      : settings_(std::make_shared<const Settings>(std::move(settings))) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<RbacFilter>(settings_);
  }

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace outrigger::filters::network_rbac
