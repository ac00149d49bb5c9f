// Listener: addresses and filter chains, compiled. Thread: any; immutable.
// Semantics: envoy.config.listener.v3.Listener. Compiled by xds/compile_listener.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/config/access_log.h"
#include "api/config/connection_predicate.h"
#include "api/config/filter_chain_match.h"
#include "api/config/http_connection_manager.h"
#include "api/config/match_tree.h"
#include "api/config/tcp_proxy.h"
#include "api/config/tls.h"
#include "api/filter/listener_filter.h"
#include "api/filter/network_filter.h"
#include "api/metadata.h"
#include "api/net/address.h"
#include "api/net/socket_option.h"
#include "api/stats.h"

namespace outrigger::config {

// One network filter before the chain's end.
struct NetworkFilterEntry {
  std::string name;
  std::shared_ptr<const NetworkFilterFactory> factory;
};

// A chain ends in exactly one of `http`, `tcp` and a terminal filter, which is then the last of
// `filters`.
struct FilterChain {
  std::string name;
  FilterChainMatch match;
  TlsContextSlotPtr tls;                                   // nullptr: plain
  std::chrono::milliseconds transport_connect_timeout{0};  // for the handshake; 0: none
  std::vector<NetworkFilterEntry> filters;
  std::shared_ptr<const HttpConnectionManager> http;
  std::shared_ptr<const TcpProxy> tcp;
  Metadata metadata;
  StatsScopePtr http_stats;  // ListenerHttpStats; only with `http`
};
using FilterChainPtr = std::shared_ptr<const FilterChain>;

struct ListenerFilterEntry {
  std::string name;
  std::shared_ptr<const ListenerFilterFactory> factory;
  // Connections that match do without it; nullptr: none does.
  std::shared_ptr<const ConnectionPredicate> disabled;
};

// Listener.filter_chain_matcher: its actions name filter chains.
struct ChainTree {
  MatchTree tree;
  std::vector<std::string> chains;  // by the number of the action
};

struct Listener {
  enum class Drain : uint8_t {
    default_,
    modify_only
  };
  enum class Direction : uint8_t {
    unspecified,
    inbound,
    outbound
  };
  struct ListenAddress {
    net::Address address;
    bool ipv4_compat = false;
    std::optional<uint32_t> unix_mode;  // permissions of a Unix socket; absent: the umask's
    std::vector<net::SocketOption> socket_options;

    bool operator==(const ListenAddress&) const = default;
  };

  std::string name;
  // The message without its filter chains, as octets: listeners of equal shape differ in their
  // chains alone. Empty: not known.
  std::string shape;
  // The address, then the additional ones. An internal listener has its name's.
  std::vector<ListenAddress> addresses;
  bool internal = false;

  std::vector<ListenerFilterEntry> listener_filters;
  std::chrono::milliseconds listener_filters_timeout{15000};  // 0: none
  bool continue_on_listener_filters_timeout = false;
  std::vector<FilterChainPtr> chains;
  FilterChainPtr default_chain;  // for what no chain's criteria match; nullptr: it is closed
  std::shared_ptr<const ChainTree> chain_tree;  // in the place of the criteria; nullptr: them

  uint32_t buffer_limit_bytes = 1024 * 1024;  // per connection
  uint32_t backlog = 4096;
  std::optional<uint32_t> tcp_fast_open;
  bool reuse_port = true;
  bool bind_to_port = true;
  bool use_original_dst = false;  // hand the connection to the listener of its destination
  bool transparent = false;
  bool freebind = false;
  bool exact_balance = false;  // connection_balance_config.exact_balance
  Drain drain = Drain::default_;
  Direction direction = Direction::unspecified;
  bool mptcp = false;
  uint32_t max_connections_per_event = 0;  // 0: no limit
  bool ignore_global_connection_limit = false;
  std::vector<AccessLog> access_logs;  // one line per connection
  Metadata metadata;

  StatsScopePtr stats;                      // ListenerStats: listener.<address>.
  std::vector<StatsScopePtr> worker_stats;  // ListenerWorkerStats of each worker; may be empty

  const net::Address& address() const {
    static const net::Address kNone;
    return addresses.empty() ? kNone : addresses.front().address;
  }
};
using ListenerPtr = std::shared_ptr<const Listener>;

}  // namespace outrigger::config
