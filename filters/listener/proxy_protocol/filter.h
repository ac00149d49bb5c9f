// ProxyProtocol: takes a PROXY protocol header off the front of a connection; its addresses become
// the connection's. Thread: the filter its connection's worker; the factory any. Semantics:
// envoy.extensions.filters.listener.proxy_protocol.v3.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/filter/listener_filter.h"
#include "api/stats.h"
#include "filters/listener/proxy_protocol/header.h"

namespace outrigger::filters::proxy_protocol {

// proxy_proto.[<stat_prefix>.]*
#define OUTRIGGER_PROXY_PROTO_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(not_found_allowed)                                          \
  COUNTER(not_found_disallowed)
OUTRIGGER_DEFINE_STATS(ProxyProtoStats, OUTRIGGER_PROXY_PROTO_STATS)

// proxy_proto.[<stat_prefix>.]versions.v1.*
#define OUTRIGGER_PROXY_PROTO_VERSION_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(disallowed)                                                         \
  COUNTER(error)                                                              \
  COUNTER(found)
OUTRIGGER_DEFINE_STATS(ProxyProtoVersionStats, OUTRIGGER_PROXY_PROTO_VERSION_STATS)

// Without a prefix.
#define OUTRIGGER_PROXY_PROTO_LEGACY_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_cx_proxy_proto_error)
OUTRIGGER_DEFINE_STATS(ProxyProtoLegacyStats, OUTRIGGER_PROXY_PROTO_LEGACY_STATS)

struct Settings {
  struct Rule {
    uint8_t type;
    std::string space;  // of the metadata, or the default
    std::string key;
  };
  std::vector<Rule> rules;
  bool to_filter_state = false;  // instead of dynamic metadata
  bool allow_without = false;
  bool allow_v1 = true, allow_v2 = true;
  bool pass_all = false;
  std::set<uint8_t> pass_types;

  StatsScopePtr stats, v1_stats, v2_stats, legacy_stats;

  bool passes(uint8_t type) const { return pass_all || pass_types.contains(type); }
};

class ProxyProtocol final : public ListenerFilter {
 public:
  // The longest header of version 2.
  static constexpr size_t kMaxHeader = 16 + 0xffff;

  explicit ProxyProtocol(const Settings& settings) : settings_(settings) {}
  ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                             size_t& consumed) override;
  size_t max_bytes() const override { return kMaxHeader; }

 private:
  ListenerFilterVerdict on_absent(unsigned worker) const;
  ListenerFilterVerdict on_wrong(unsigned worker, Version version) const;
  ProxyProtoVersionStats& stats_of(Version version, unsigned worker) const;
  void apply(DownstreamConnectionInfo& info, const Header& header, Version version) const;
  void keep_tlvs(ConnectionExtras& extras, const Header& header) const;

  const Settings& settings_;  // the factory's; the configuration outlives its connections
};

class ProxyProtocolFactory final : public ListenerFilterFactory {
 public:
  explicit ProxyProtocolFactory(Settings settings) : settings_(std::move(settings)) {}
  std::unique_ptr<ListenerFilter> create() const override {
    return std::make_unique<ProxyProtocol>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::proxy_protocol
