// FilterChainIndex: which filter chain of a listener takes a connection. The criteria are asked in
// Envoy's order (api/config/filter_chain_match.h), or a generic matcher's; at each step the most
// specific entry that fits is gone into, and never left again: what fails further down does not
// come back to a wider entry. Thread: any; immutable, shared by all workers. Lifetime: the
// listener's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "api/config/listener.h"
#include "api/net/cidr.h"
#include "api/net/same_host.h"
#include "api/stream_info.h"

namespace outrigger::net {

class FilterChainIndex {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr uint32_t kRefused = kNone - 1;

  // `chains` are found by their place.
  explicit FilterChainIndex(const std::vector<config::FilterChainPtr>& chains,
                            std::shared_ptr<const config::ChainTree> tree = nullptr);

  // kNone: none fits, the default chain is to take it. kRefused: no chain may.
  uint32_t find(const DownstreamConnectionInfo& info) const;

 private:
  // By address range, the smallest first; `any` is for what has no criterion or no IP address.
  template <class Next>
  struct ByRange {
    using Networks = absl::flat_hash_map<std::array<uint8_t, 16>, std::unique_ptr<Next>>;
    struct Size {
      int family;
      uint32_t bits;
      Networks networks;
    };
    std::vector<Size> sizes;  // longest prefix first
    std::unique_ptr<Next> any;

    Next& at(const Cidr& range);
    Next& at_any();
    const Next* find(const Address& address) const;
  };
  // By text; the empty text is for what has no criterion.
  template <class Next>
  struct ByText {
    absl::flat_hash_map<std::string, std::unique_ptr<Next>> entries;

    Next& at(std::string_view text);
    Next& at_any() { return at({}); }
    const Next* find(std::string_view text) const;
  };
  struct SourcePorts {
    absl::flat_hash_map<uint16_t, uint32_t> chains;  // 0: any port
  };
  using Sources = ByRange<SourcePorts>;
  struct SourceTypes {
    std::array<std::unique_ptr<Sources>, 3> types;
  };
  using DirectSources = ByRange<SourceTypes>;
  using ApplicationProtocols = ByText<DirectSources>;
  using Transports = ByText<ApplicationProtocols>;
  using ServerNames = ByText<Transports>;  // a wildcard is ".example.com"
  using Destinations = ByRange<ServerNames>;

  void add(const config::FilterChainMatch& match, uint32_t chain);
  static void add_sources(const config::FilterChainMatch& match, uint32_t chain,
                          SourceTypes& types);
  static const Transports* find_name(const ServerNames& names, std::string_view name);
  static const DirectSources* find_protocol(const ApplicationProtocols& protocols,
                                            const DownstreamConnectionInfo& info);
  static const Sources* find_type(const SourceTypes& types, const DownstreamConnectionInfo& info);
  static uint32_t find_source(const SourceTypes& types, const DownstreamConnectionInfo& info);

  uint32_t find_by_tree(const DownstreamConnectionInfo& info) const;

  std::shared_ptr<const config::ChainTree> tree_;      // nullptr: by the chains' criteria
  std::vector<uint32_t> tree_chains_;                  // by the number of the tree's action
  bool one_for_all_ = false;                           // a single chain without criteria
  absl::flat_hash_map<uint16_t, Destinations> ports_;  // 0: any port
};

}  // namespace outrigger::net
