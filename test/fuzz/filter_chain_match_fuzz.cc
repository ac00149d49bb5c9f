// Filter chains of any criteria and a connection of any kind: the index finds what a reading of
// the documented order, one criterion after the other over the list of chains, finds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "proxy/net/filter_chain_index.h"

namespace {

using namespace outrigger;
using config::FilterChainMatch;
using net::Address;
using net::Cidr;
using SourceType = FilterChainMatch::SourceType;

// Few values, so that chains and connections meet.
class Dice {
 public:
  Dice(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  unsigned below(unsigned n) {
    if (size_ == 0) return 0;
    --size_;
    return *data_++ % n;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

constexpr const char* kIps[] = {"10.0.0.1",  "10.0.0.2", "10.0.1.1",
                                "127.0.0.1", "::1",      "2001:db8::1"};
constexpr const char* kNames[] = {"", "a", "x.a", "y.x.a", ".a", "a."};
constexpr const char* kPatterns[] = {"a", "*.a", "x.a", "*.x.a", "*.b"};
constexpr const char* kTransports[] = {"", "tls", "raw_buffer"};
constexpr const char* kProtocols[] = {"h2", "http/1.1", "h2c"};
constexpr uint32_t kBits[] = {0, 8, 24, 32, 128};

Address address(Dice& dice) {
  return *Address::from_ip(kIps[dice.below(6)], static_cast<uint16_t>(dice.below(3) + 1));
}

std::vector<Cidr> ranges(Dice& dice) {
  std::vector<Cidr> out;
  for (unsigned n = dice.below(3); n > 0; --n)
    out.push_back(*Cidr::from_ip(kIps[dice.below(6)], kBits[dice.below(5)]));
  return out;
}

template <size_t N>
std::vector<std::string> texts(Dice& dice, const char* const (&from)[N]) {
  std::vector<std::string> out;
  for (unsigned n = dice.below(3); n > 0; --n) out.emplace_back(from[dice.below(N)]);
  return out;
}

FilterChainMatch match(Dice& dice) {
  FilterChainMatch out;
  if (unsigned port = dice.below(4); port > 0) out.destination_port = static_cast<uint16_t>(port);
  out.destination_ranges = ranges(dice);
  out.server_names = texts(dice, kPatterns);
  out.transport_protocol = kTransports[dice.below(3)];
  out.application_protocols = texts(dice, kProtocols);
  out.direct_source_ranges = ranges(dice);
  out.source_type = static_cast<SourceType>(dice.below(3));
  out.source_ranges = ranges(dice);
  for (unsigned n = dice.below(3); n > 0; --n)
    out.source_ports.push_back(static_cast<uint16_t>(dice.below(3) + 1));
  return out;
}

// The chains that are still in question, narrowed by one criterion after the other.
class Reading {
 public:
  explicit Reading(const std::vector<config::FilterChainPtr>& chains) {
    for (uint32_t i = 0; i < chains.size(); ++i) left_.push_back({i, &chains[i]->match});
  }

  // Keeps those of the greatest rank; ranks are per chain, below 0: it does not fit.
  template <class Rank>
  void narrow(Rank rank) {
    int best = -1;
    for (const auto& [i, m] : left_) best = std::max(best, rank(*m));
    std::erase_if(left_,
                  [&](const auto& chain) { return best < 0 || rank(*chain.second) != best; });
  }
  uint32_t first() const {
    return left_.empty() ? net::FilterChainIndex::kNone : left_.front().first;
  }

 private:
  std::vector<std::pair<uint32_t, const FilterChainMatch*>> left_;
};

int rank_of(const std::vector<Cidr>& all, const Address& where) {
  if (all.empty()) return 0;
  int best = -1;
  for (const Cidr& range : all) {
    if (range.contains(where)) best = std::max(best, static_cast<int>(range.prefix_length()) + 1);
  }
  return best;
}

int rank_of_name(const std::vector<std::string>& all, std::string_view name) {
  if (all.empty()) return 0;
  int best = -1;
  for (const std::string& pattern : all) {
    std::string_view key = pattern;
    if (key.starts_with("*.")) key.remove_prefix(1);
    bool exact = key == name;
    // A wildcard's dot stands behind a label and before another.
    bool suffix = key.starts_with('.') && name.size() > key.size() && name.ends_with(key) &&
                  key.size() > 1 && !name.ends_with('.');
    if (exact) best = std::max(best, 1000);
    if (suffix) best = std::max(best, static_cast<int>(key.size()));
  }
  return best;
}

template <class Values, class Value>
bool has(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

uint32_t find_slowly(const std::vector<config::FilterChainPtr>& chains,
                     const DownstreamConnectionInfo& info) {
  Reading reading(chains);
  reading.narrow([&](const FilterChainMatch& m) {
    if (!m.destination_port) return 0;
    return *m.destination_port == info.local.port() ? 1 : -1;
  });
  reading.narrow(
      [&](const FilterChainMatch& m) { return rank_of(m.destination_ranges, info.local); });
  reading.narrow([&](const FilterChainMatch& m) {
    return rank_of_name(m.server_names, info.requested_server_name);
  });
  reading.narrow([&](const FilterChainMatch& m) {
    if (m.transport_protocol.empty()) return 0;
    return m.transport_protocol == info.detected_transport ? 1 : -1;
  });
  const auto& asked = info.extras->application_protocols;
  reading.narrow([&](const FilterChainMatch& m) {
    if (m.application_protocols.empty()) return 0;
    for (size_t i = 0; i < asked.size(); ++i) {
      if (has(m.application_protocols, asked[i])) return static_cast<int>(asked.size() - i);
    }
    return -1;
  });
  reading.narrow([&](const FilterChainMatch& m) {
    return rank_of(m.direct_source_ranges, info.direct_remote);
  });
  bool local = net::is_same_ip_or_loopback(info.remote, info.local);
  reading.narrow([&](const FilterChainMatch& m) {
    if (m.source_type == SourceType::any) return 0;
    return (m.source_type == SourceType::same_ip_or_loopback) == local ? 1 : -1;
  });
  reading.narrow([&](const FilterChainMatch& m) { return rank_of(m.source_ranges, info.remote); });
  reading.narrow([&](const FilterChainMatch& m) {
    if (m.source_ports.empty()) return 0;
    return has(m.source_ports, info.remote.port()) ? 1 : -1;
  });
  return reading.first();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr unsigned kMostChains = 12;
  Dice dice(data, size);
  DownstreamConnectionInfo info;
  info.local = address(dice);
  info.remote = address(dice);
  info.direct_remote = address(dice);
  info.requested_server_name = kNames[dice.below(6)];
  info.detected_transport = kTransports[dice.below(2) + 1];
  info.make_extras().application_protocols = texts(dice, kProtocols);
  std::vector<config::FilterChainPtr> chains;
  for (unsigned i = 0; i < kMostChains && !dice.empty(); ++i) {
    auto chain = std::make_shared<config::FilterChain>();
    chain->match = match(dice);
    chains.push_back(std::move(chain));
  }
  if (net::FilterChainIndex(chains).find(info) != find_slowly(chains, info)) std::abort();
  return 0;
}
