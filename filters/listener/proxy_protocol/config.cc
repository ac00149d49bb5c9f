#include "filters/listener/proxy_protocol/config.h"

#include <string>
#include <utility>

#include "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.pb.h"

#include "filters/listener/proxy_protocol/filter.h"

namespace outrigger::filters::proxy_protocol {
namespace {

using Message = envoy::extensions::filters::listener::proxy_protocol::v3::ProxyProtocol;
using envoy::config::core::v3::ProxyProtocolConfig;
using envoy::config::core::v3::ProxyProtocolPassThroughTLVs;

// Of a type only the last rule counts.
void compile_rules(const Message& proto, Settings& settings) {
  for (const auto& rule : proto.rules()) {
    auto type = static_cast<uint8_t>(rule.tlv_type());
    std::erase_if(settings.rules, [&](const Settings::Rule& r) { return r.type == type; });
    settings.rules.push_back(
        {type, rule.on_tlv_present().metadata_namespace(), rule.on_tlv_present().key()});
  }
  settings.to_filter_state = proto.tlv_location() == Message::FILTER_STATE;
}

void compile_pass_through(const Message& proto, Settings& settings) {
  if (!proto.has_pass_through_tlvs()) return;
  const auto& pass = proto.pass_through_tlvs();
  settings.pass_all = pass.match_type() == ProxyProtocolPassThroughTLVs::INCLUDE_ALL;
  if (settings.pass_all) return;
  for (uint32_t type : pass.tlv_type()) settings.pass_types.insert(static_cast<uint8_t>(type));
}

void make_stats(const std::string& prefix, StatsRegistry& stats, Settings& settings) {
  std::string root = "proxy_proto." + (prefix.empty() ? "" : prefix + ".");
  std::vector<StatTag> tags;
  if (!prefix.empty()) tags.push_back({"envoy.proxy_protocol_prefix", prefix});
  auto version_scope = [&](const std::string& version) {
    std::vector<StatTag> all = tags;
    all.push_back({"envoy.proxy_protocol_version", version});
    return stats.scope<ProxyProtoVersionStats>(root + "versions.v" + version + ".", "proxy_proto.",
                                               std::move(all));
  };
  settings.stats = stats.scope<ProxyProtoStats>(root, "proxy_proto.", tags);
  settings.v1_stats = version_scope("1");
  settings.v2_stats = version_scope("2");
  settings.legacy_stats = stats.scope<ProxyProtoLegacyStats>("");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const Message&>(config);
  Settings settings;
  compile_rules(proto, settings);
  compile_pass_through(proto, settings);
  settings.allow_without = proto.allow_requests_without_proxy_protocol();
  for (int version : proto.disallowed_versions())
    (version == ProxyProtocolConfig::V1 ? settings.allow_v1 : settings.allow_v2) = false;
  if (!settings.allow_v1 && !settings.allow_v2) {
    return absl::InvalidArgumentError(
        "disallowed_versions: Proxy Protocol filter is misconfigured: all proxy protocol versions "
        "are disallowed.");
  }
  make_stats(proto.stat_prefix(), context.stats(), settings);
  return std::make_shared<ProxyProtocolFactory>(std::move(settings));
}

}  // namespace outrigger::filters::proxy_protocol
