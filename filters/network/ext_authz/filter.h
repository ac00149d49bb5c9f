// ExtAuthz: connections that an external service decides about. The service is not asked: each
// connection is treated as when the service does not answer, let through or closed as the
// configuration says for that case. Thread: the connection's worker. Lifetime: the connection's.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/ext_authz_filter
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "api/config/metadata_matcher.h"
#include "api/filter/network_filter.h"
#include "api/stats.h"

namespace outrigger::filters::network_ext_authz {

#define OUTRIGGER_NETWORK_EXT_AUTHZ_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(cx_closed)                                                        \
  COUNTER(disabled)                                                         \
  COUNTER(error)                                                            \
  COUNTER(failure_mode_allowed)                                             \
  COUNTER(total)
OUTRIGGER_DEFINE_STATS(ExtAuthzStats, OUTRIGGER_NETWORK_EXT_AUTHZ_STATS)

struct Settings {
  bool failure_allows = false;
  std::optional<config::MetadataMatcher> enabled_by;  // absent: for every connection
  StatsScopePtr stats;
};

class ExtAuthzFilter final : public NetworkFilter {
 public:
  explicit ExtAuthzFilter(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)) {}

  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end_stream) override;

 private:
  bool enabled(const DownstreamConnectionInfo& info) const;

  std::shared_ptr<const Settings> settings_;
  bool judged_ = false;
};

class ExtAuthzFactory final : public NetworkFilterFactory {
 public:
  explicit ExtAuthzFactory(Settings settings)
      : settings_(std::make_shared<const Settings>(std::move(settings))) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<ExtAuthzFilter>(settings_);
  }

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace outrigger::filters::network_ext_authz
