#include "filters/listener/proxy_protocol/filter.h"

#include <algorithm>

#include "filters/listener/proxy_protocol/tlv_text.h"

namespace outrigger::filters::proxy_protocol {
namespace {

constexpr const char* kDefaultSpace = "envoy.filters.listener.proxy_protocol";
constexpr std::string_view kFilterState = "envoy.network.proxy_protocol.tlv";

bool may_still_be(Version version, Bytes data, bool v1, bool v2) {
  if (version == Version::v1) return v1;
  if (version == Version::v2) return v2;
  // Undecided: the first octet tells them apart.
  return version == Version::undecided && (data.empty() || (data[0] == 'P' ? v1 : v2));
}

}  // namespace

ListenerFilterVerdict ProxyProtocol::look(ListenerFilterContext& context, Bytes data,
                                          bool /*end_stream*/, size_t& consumed) {
  unsigned worker = context.worker();
  Version version = detect(data);
  bool expected = may_still_be(version, data, settings_.allow_v1, settings_.allow_v2);
  // Without a duty to send one, a header of a version that is not allowed is data like any other.
  if (version == Version::none || (settings_.allow_without && !expected)) return on_absent(worker);
  if (version == Version::undecided) return ListenerFilterVerdict::more();
  if (!expected) {
    stats_of(version, worker).found.inc();
    stats_of(version, worker).disallowed.inc();
    return ListenerFilterVerdict::close("PROXY protocol of this version is not allowed");
  }
  Header header;
  HeaderState state = version == Version::v1 ? read_v1(data, header) : read_v2(data, header);
  if (state == HeaderState::need_more) return ListenerFilterVerdict::more();
  if (state == HeaderState::wrong) return on_wrong(worker, version);
  stats_of(version, worker).found.inc();
  apply(context.info(), header, version);
  consumed = header.size;
  return ListenerFilterVerdict::next();
}

ListenerFilterVerdict ProxyProtocol::on_absent(unsigned worker) const {
  auto& stats = settings_.stats->local<ProxyProtoStats>(worker);
  if (settings_.allow_without) {
    stats.not_found_allowed.inc();
    return ListenerFilterVerdict::next();
  }
  stats.not_found_disallowed.inc();
  settings_.legacy_stats->local<ProxyProtoLegacyStats>(worker)
      .downstream_cx_proxy_proto_error.inc();
  return ListenerFilterVerdict::close("the connection does not begin with a PROXY protocol header");
}

ListenerFilterVerdict ProxyProtocol::on_wrong(unsigned worker, Version version) const {
  stats_of(version, worker).error.inc();
  settings_.legacy_stats->local<ProxyProtoLegacyStats>(worker)
      .downstream_cx_proxy_proto_error.inc();
  return ListenerFilterVerdict::close("the PROXY protocol header is malformed");
}

ProxyProtoVersionStats& ProxyProtocol::stats_of(Version version, unsigned worker) const {
  const StatsScopePtr& scope = version == Version::v1 ? settings_.v1_stats : settings_.v2_stats;
  return scope->local<ProxyProtoVersionStats>(worker);
}

void ProxyProtocol::apply(DownstreamConnectionInfo& info, const Header& header,
                          Version version) const {
  ConnectionExtras& extras = info.make_extras();
  ProxyProtocolInfo& said = extras.proxy_protocol.emplace();
  said.version = version == Version::v1 ? 1 : 2;
  if (!header.local) {
    info.remote = header.source;
    if (!(info.local == header.destination)) {
      info.local = header.destination;
      info.local_restored = true;
    }
  }
  said.source = info.remote;
  said.destination = info.local;
  keep_tlvs(extras, header);
}

void ProxyProtocol::keep_tlvs(ConnectionExtras& extras, const Header& header) const {
  std::vector<std::pair<std::string, std::string>> state;
  for (const Tlv& tlv : header.tlvs) {
    if (settings_.passes(tlv.type))
      extras.proxy_protocol->tlvs.emplace_back(tlv.type, std::string(tlv.value));
    auto rule = std::find_if(settings_.rules.begin(), settings_.rules.end(),
                             [&](const Settings::Rule& r) { return r.type == tlv.type; });
    if (rule == settings_.rules.end()) continue;
    if (settings_.to_filter_state) {
      state.emplace_back(rule->key, utf8_text(tlv.value));
      continue;
    }
    MetadataStruct& space = extras.metadata.of(rule->space.empty() ? kDefaultSpace : rule->space);
    if (space.find(rule->key) == nullptr) space[rule->key] = MetadataValue(utf8_text(tlv.value));
  }
  if (!state.empty()) extras.filter_state.set(kFilterState, json_text(state));
}

}  // namespace outrigger::filters::proxy_protocol
