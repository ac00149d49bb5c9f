#include "proxy/net/filter_chain_index.h"

#include <netinet/in.h>

#include <algorithm>

namespace outrigger::net {
namespace {

using SourceType = config::FilterChainMatch::SourceType;

absl::string_view key(std::string_view text) {
  return {text.data(), text.size()};
}

// Into the entry of each value, or into the one without a criterion.
template <class Level, class Values, class Visit>
void each(Level& level, const Values& values, Visit visit) {
  if (values.empty()) visit(level.at_any());
  for (const auto& value : values) visit(level.at(value));
}

bool has_criteria(const config::FilterChainMatch& match) {
  return match.destination_port || !match.destination_ranges.empty() ||
         !match.server_names.empty() || !match.transport_protocol.empty() ||
         !match.application_protocols.empty() || !match.direct_source_ranges.empty() ||
         match.source_type != SourceType::any || !match.source_ranges.empty() ||
         !match.source_ports.empty();
}

// "*.example.com" is kept as ".example.com".
std::vector<std::string_view> name_keys(const std::vector<std::string>& names) {
  std::vector<std::string_view> keys;
  for (std::string_view name : names) {
    if (name.starts_with("*.")) name.remove_prefix(1);
    keys.push_back(name);
  }
  return keys;
}

}  // namespace

template <class Next>
Next& FilterChainIndex::ByRange<Next>::at(const Cidr& range) {
  auto size = std::find_if(sizes.begin(), sizes.end(), [&](const Size& s) {
    return s.family == range.family() && s.bits == range.prefix_length();
  });
  if (size == sizes.end()) {
    auto place = std::find_if(sizes.begin(), sizes.end(),
                              [&](const Size& s) { return s.bits < range.prefix_length(); });
    size = sizes.insert(place, Size{range.family(), range.prefix_length(), {}});
  }
  std::unique_ptr<Next>& next = size->networks[range.network()];
  if (next == nullptr) next = std::make_unique<Next>();
  return *next;
}

template <class Next>
Next& FilterChainIndex::ByRange<Next>::at_any() {
  if (any == nullptr) any = std::make_unique<Next>();
  return *any;
}

template <class Next>
const Next* FilterChainIndex::ByRange<Next>::find(const Address& address) const {
  for (const Size& size : sizes) {
    if (size.family != address.family()) continue;
    auto found = size.networks.find(Cidr::around(address, size.bits)->network());
    if (found != size.networks.end()) return found->second.get();
  }
  return any.get();
}

template <class Next>
Next& FilterChainIndex::ByText<Next>::at(std::string_view text) {
  std::unique_ptr<Next>& next = entries[key(text)];
  if (next == nullptr) next = std::make_unique<Next>();
  return *next;
}

template <class Next>
const Next* FilterChainIndex::ByText<Next>::find(std::string_view text) const {
  auto found = entries.find(key(text));
  return found == entries.end() ? nullptr : found->second.get();
}

FilterChainIndex::FilterChainIndex(const std::vector<config::FilterChainPtr>& chains,
                                   std::shared_ptr<const config::ChainTree> tree)
    : tree_(std::move(tree)) {
  if (tree_ != nullptr) {
    for (const std::string& name : tree_->chains) {
      auto named = std::find_if(chains.begin(), chains.end(),
                                [&](const auto& chain) { return chain->name == name; });
      tree_chains_.push_back(named == chains.end() ? kRefused
                                                   : static_cast<uint32_t>(named - chains.begin()));
    }
    return;
  }
  one_for_all_ = chains.size() == 1 && !has_criteria(chains.front()->match);
  if (one_for_all_) return;
  for (size_t i = 0; i < chains.size(); ++i) add(chains[i]->match, static_cast<uint32_t>(i));
}

void FilterChainIndex::add(const config::FilterChainMatch& match, uint32_t chain) {
  Destinations& destinations = ports_[match.destination_port.value_or(0)];
  each(destinations, match.destination_ranges, [&](ServerNames& names) {
    each(names, name_keys(match.server_names), [&](Transports& transports) {
      each(transports.at(match.transport_protocol), match.application_protocols,
           [&](DirectSources& direct) {
             each(direct, match.direct_source_ranges,
                  [&](SourceTypes& types) { add_sources(match, chain, types); });
           });
    });
  });
}

void FilterChainIndex::add_sources(const config::FilterChainMatch& match, uint32_t chain,
                                   SourceTypes& types) {
  std::unique_ptr<Sources>& sources = types.types[static_cast<size_t>(match.source_type)];
  if (sources == nullptr) sources = std::make_unique<Sources>();
  each(*sources, match.source_ranges, [&](SourcePorts& ports) {
    if (match.source_ports.empty()) ports.chains.try_emplace(0, chain);
    for (uint16_t port : match.source_ports) ports.chains.try_emplace(port, chain);
  });
}

const FilterChainIndex::Transports* FilterChainIndex::find_name(const ServerNames& names,
                                                                std::string_view name) {
  if (const Transports* exact = names.find(name)) return exact;
  for (size_t dot = name.find('.', 1); dot != std::string_view::npos && dot + 1 < name.size();
       dot = name.find('.', dot + 1)) {
    if (const Transports* wildcard = names.find(name.substr(dot))) return wildcard;
  }
  return names.find({});
}

const FilterChainIndex::DirectSources* FilterChainIndex::find_protocol(
    const ApplicationProtocols& protocols, const DownstreamConnectionInfo& info) {
  if (info.extras != nullptr) {
    for (const std::string& asked : info.extras->application_protocols) {
      if (const DirectSources* found = protocols.find(asked)) return found;
    }
  }
  return protocols.find({});
}

const FilterChainIndex::Sources* FilterChainIndex::find_type(const SourceTypes& types,
                                                             const DownstreamConnectionInfo& info) {
  const auto& local = types.types[static_cast<size_t>(SourceType::same_ip_or_loopback)];
  const auto& external = types.types[static_cast<size_t>(SourceType::external)];
  if (local != nullptr || external != nullptr) {
    const auto& own = is_same_ip_or_loopback(info.remote, info.local) ? local : external;
    if (own != nullptr) return own.get();
  }
  return types.types[static_cast<size_t>(SourceType::any)].get();
}

uint32_t FilterChainIndex::find_source(const SourceTypes& types,
                                       const DownstreamConnectionInfo& info) {
  const Sources* sources = find_type(types, info);
  const SourcePorts* ports = sources == nullptr ? nullptr : sources->find(info.remote);
  if (ports == nullptr) return kNone;
  auto found = ports->chains.find(info.remote.port());
  if (found == ports->chains.end()) found = ports->chains.find(0);
  return found == ports->chains.end() ? kNone : found->second;
}

uint32_t FilterChainIndex::find_by_tree(const DownstreamConnectionInfo& info) const {
  uint32_t action = tree_->tree.find(config::ConnectionSource(info));
  return action == config::OnMatch::kNoAction ? kNone : tree_chains_[action];
}

uint32_t FilterChainIndex::find(const DownstreamConnectionInfo& info) const {
  if (tree_ != nullptr) return find_by_tree(info);
  if (one_for_all_) return 0;
  auto port = ports_.find(info.local.port());
  if (port == ports_.end()) port = ports_.find(0);
  if (port == ports_.end()) return kNone;
  const ServerNames* names = port->second.find(info.local);
  if (names == nullptr) return kNone;
  const Transports* transports = find_name(*names, info.requested_server_name);
  if (transports == nullptr) return kNone;
  const ApplicationProtocols* protocols = transports->find(info.detected_transport);
  if (protocols == nullptr) protocols = transports->find({});
  if (protocols == nullptr) return kNone;
  const DirectSources* direct = find_protocol(*protocols, info);
  const SourceTypes* types = direct == nullptr ? nullptr : direct->find(info.direct_remote);
  return types == nullptr ? kNone : find_source(*types, info);
}

}  // namespace outrigger::net
