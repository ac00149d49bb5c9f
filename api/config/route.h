// The compiled route table of one RouteConfiguration. Thread: any; immutable; a stream keeps the
// table that it started with. Semantics: envoy.config.route.v3. Compiled by xds/compile_route;
// matched by proxy/route/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/config/cluster_ref.h"
#include "api/config/header_mutation.h"
#include "api/config/load_balancing.h"
#include "api/config/match_tree.h"
#include "api/config/rate_limit.h"
#include "api/config/route_index.h"
#include "api/config/route_match.h"
#include "api/config/string_matcher.h"
#include "api/config/virtual_clusters.h"
#include "api/metadata.h"
#include "api/stats.h"

namespace outrigger {
class FilterRouteConfig;  // api/filter/http_filter.h
}

namespace outrigger::config {

using Milliseconds = std::chrono::milliseconds;

// typed_per_filter_config of one level: filter's configured name -> its compiled override.
struct PerFilterConfig {
  struct Entry {
    std::string filter_name;
    std::shared_ptr<const FilterRouteConfig> config;  // nullptr: only `disabled` counts
    bool disabled = false;
  };
  std::vector<Entry> entries;

  const Entry* find(std::string_view filter_name) const {
    for (const Entry& entry : entries) {
      if (entry.filter_name == filter_name) return &entry;
    }
    return nullptr;
  }
};

// Conditions of `retry_on` as bits.
namespace retry_on {
enum Bit : uint32_t {
  server_error = 1u << 0,  // "5xx"
  gateway_error = 1u << 1,
  reset = 1u << 2,
  reset_before_request = 1u << 3,
  connect_failure = 1u << 4,
  refused_stream = 1u << 5,
  retriable_4xx = 1u << 6,
  retriable_status_codes = 1u << 7,
  retriable_headers = 1u << 8,
  envoy_ratelimited = 1u << 9,
  http3_post_connect_failure = 1u << 10,
  grpc_cancelled = 1u << 11,
  grpc_deadline_exceeded = 1u << 12,
  grpc_internal = 1u << 13,
  grpc_resource_exhausted = 1u << 14,
  grpc_unavailable = 1u << 15,
};
// Bits of a comma-separated list; unknown words are put into `unknown` (Envoy ignores them in
// headers).
uint32_t parse(std::string_view list, std::vector<std::string>* unknown = nullptr);
uint32_t parse_grpc(std::string_view list, std::vector<std::string>* unknown = nullptr);
}  // namespace retry_on

struct RetryPolicy {
  uint32_t on = 0;
  uint32_t num_retries = 1;
  std::optional<Milliseconds> per_try_timeout;
  std::optional<Milliseconds> per_try_idle_timeout;
  // A retry goes to a host that was not tried yet, if one is found by picking this often again.
  bool avoid_previous_hosts = false;
  bool avoid_canary_hosts = false;
  // Hosts whose "envoy.lb" metadata has all members of one of these are avoided.
  std::vector<MetadataStruct> avoided_metadata;
  uint32_t host_picks = 1;
  // Priorities that were tried are left out; the choice is made anew after so many attempts. 0:
  // each attempt goes where the endpoints' health says.
  uint32_t priority_update_frequency = 0;
  std::vector<uint32_t> retriable_status_codes;
  std::vector<HeaderMatch> retriable_headers;
  std::vector<HeaderMatch> retriable_request_headers;  // empty: every request
  Milliseconds base_interval{25};
  Milliseconds max_interval{250};
  // Response headers that say when to try again, the first that does counts; the text is a number
  // of seconds, or a moment of Unix time.
  struct ResetHeader {
    std::string name;  // lower case
    bool unix_timestamp = false;
  };
  std::vector<ResetHeader> reset_headers;
  Milliseconds reset_max_interval{300'000};

  bool is_choosy() const {
    return avoid_previous_hosts || avoid_canary_hosts || !avoided_metadata.empty();
  }
};

// Which answers of an upstream are followed here instead of being passed to the client.
struct InternalRedirectPolicy {
  uint32_t max_redirects = 1;
  std::vector<uint32_t> codes{302};
  bool allow_cross_scheme = false;
  // Each must accept the route that the new request meets, in this order.
  struct PreviousRoutes {};  // not twice from the same route to the same one
  struct AllowListedRoutes {
    std::vector<std::string> names;
  };
  struct SafeCrossScheme {};  // from HTTPS to HTTP, but not from HTTP to HTTPS
  using Predicate = std::variant<PreviousRoutes, AllowListedRoutes, SafeCrossScheme>;
  std::vector<Predicate> predicates;
  std::vector<std::string> response_headers_to_copy;  // lower case
};

// One step of an ordered list of changes; each sees what those before it left.
struct HeaderRemoval {
  std::string name;  // lower case
};
struct HeaderRemovalByMatch {
  StringMatcher name;
};
using HeaderStep = std::variant<HeaderAddition, HeaderRemoval, HeaderRemovalByMatch>;

struct MirrorPolicy {
  ClusterRef cluster;
  std::string cluster_header;
  RuntimeFraction fraction;
  bool disable_shadow_host_suffix = false;
  std::vector<HeaderStep> request_headers;
  std::string host_rewrite;  // in the place of the request's; without the suffix
};

struct RegexRewrite {
  RegexPtr regex;
  std::string substitution;
};

struct HashPolicy {
  enum class Kind : uint8_t {
    header,
    cookie,
    source_ip,
    query_parameter,
    filter_state
  };
  Kind kind = Kind::header;
  bool terminal = false;
  std::string name;
  // Of a cookie that a client without it is given; absent: it is given none. Zero: for the session.
  std::optional<std::chrono::seconds> cookie_ttl = {};
  std::string cookie_path = {};
  std::string cookie_attributes = {};        // "; SameSite=Lax"
  std::optional<RegexRewrite> rewrite = {};  // of a header's values, before they count
};

// What a cluster says of every request that goes to it (HttpProtocolOptions).
struct ClusterHttpPolicies {
  std::shared_ptr<const RetryPolicy> retry;  // nullptr: the route's
  std::vector<MirrorPolicy> mirrors;         // empty: the route's
  std::vector<HashPolicy> hash_policies;     // empty: the route's
};

struct WeightedCluster {
  ClusterRef cluster;
  std::string cluster_header;  // when not empty: the request header that names the cluster
  uint32_t weight = 0;
  std::string name;
  HeaderMutations request_headers;
  HeaderMutations response_headers;
  std::string host_rewrite;
  PerFilterConfig per_filter;
  std::string runtime_key;                  // may override the weight; empty: nothing does
  MetadataMatchCriteriaPtr metadata_match;  // with the route's; nullptr: none
};

struct UpgradeConfig {
  std::string type;  // lower case: "websocket", "connect"
  bool enabled = true;
};

// CONNECT (and POST, where that is allowed) ends here: the body is the octets of a TCP connection.
struct ConnectTermination {
  bool allow_post = false;
};

struct ForwardAction {
  // Exactly one of these three is set.
  ClusterRef cluster;
  std::string cluster_header;
  std::vector<WeightedCluster> weighted;
  uint64_t total_weight = 0;
  std::string weight_header;    // header_name: the request header with the random number
  bool weight_by_hash = false;  // use_hash_policy: the request's hash instead of a random number
  bool weights_in_runtime = false;          // runtime_key_prefix
  MetadataMatchCriteriaPtr metadata_match;  // nullptr: none
  int cluster_not_found_code = 503;

  std::optional<std::string> prefix_rewrite;
  std::optional<RegexRewrite> regex_rewrite;
  std::string host_rewrite;  // literal
  std::string host_rewrite_header;
  std::optional<RegexRewrite> host_rewrite_path_regex;
  // Formats; nothing is rewritten where their text is empty. The path's is without the query.
  std::optional<SubstitutionFormat> host_rewrite_format;
  std::optional<SubstitutionFormat> path_rewrite_format;
  bool auto_host_rewrite = false;
  bool append_x_forwarded_host = false;

  Milliseconds timeout{15000};  // 0: none
  std::optional<Milliseconds> idle_timeout;
  std::optional<Milliseconds> flush_timeout;        // 0: none
  std::optional<Milliseconds> max_stream_duration;  // 0: none
  std::optional<Milliseconds>
      grpc_timeout_header_max;  // present: grpc-timeout is honoured; 0: without a maximum
  std::optional<Milliseconds> grpc_timeout_header_offset;
  std::shared_ptr<const RetryPolicy> retry;  // nullptr: none
  bool hedge_on_per_try_timeout = false;     // a try that is late goes on beside the next one
  std::shared_ptr<const InternalRedirectPolicy> internal_redirect;  // nullptr: none
  std::vector<MirrorPolicy> mirrors;
  std::vector<HashPolicy> hash_policies;
  std::vector<RateLimit> rate_limits;
  bool include_host_rate_limits = false;  // besides its own
  std::vector<UpgradeConfig> upgrades;
  std::optional<ConnectTermination> connect;
  bool high_priority = false;
  std::optional<uint32_t> max_grpc_timeout_ms;

  bool ends_connect(std::string_view method) const {
    return connect && (method == "CONNECT" || (connect->allow_post && method == "POST"));
  }
};

struct RedirectAction {
  std::string scheme;  // empty: as the request's
  bool https = false;
  std::string host;
  std::optional<uint16_t> port;
  std::optional<std::string> path;  // may contain a query
  std::optional<std::string> prefix_rewrite;
  std::optional<RegexRewrite> regex_rewrite;
  bool strip_query = false;
  int code = 301;
};

struct DirectResponseAction {
  int status = 200;
  std::string body;
  std::shared_ptr<const LogFormat> body_format;  // nullptr: the body as it is
};

struct NonForwardingAction {};

struct Route {
  std::string name;
  RouteMatch match;
  std::variant<ForwardAction, RedirectAction, DirectResponseAction, NonForwardingAction> action;
  HeaderMutations request_headers;
  HeaderMutations response_headers;
  PerFilterConfig per_filter;
  StatsScopePtr stats;  // RouteStats, of its stat_prefix; nullptr without one
  std::optional<uint64_t> request_buffer_limit;
  Metadata metadata;

  const ForwardAction* forward() const { return std::get_if<ForwardAction>(&action); }
};

// A virtual host's generic matcher: its actions are lists of routes, tried in their order.
struct RouteTree {
  struct List {  // of VirtualHost::routes
    uint32_t first = 0, count = 0;
    std::shared_ptr<const RouteIndex> index;  // of these alone; nullptr: tried one by one
  };
  MatchTree tree;
  std::vector<List> lists;
};

struct VirtualHost {
  enum class RequireTls : uint8_t {
    none,
    external_only,
    all
  };
  std::string name;
  RequireTls require_tls = RequireTls::none;
  std::vector<Route> routes;                // first match wins
  std::shared_ptr<const RouteIndex> index;  // nullptr: few routes, tried one by one
  std::shared_ptr<const RouteTree> tree;    // says which routes are tried; nullptr: all
  HeaderMutations request_headers;
  HeaderMutations response_headers;
  PerFilterConfig per_filter;
  bool include_request_attempt_count = false;
  bool include_attempt_count_in_response = false;
  bool include_is_timeout_retry_header = false;
  std::vector<RateLimit> rate_limits;
  std::optional<uint64_t> request_buffer_limit;
  Metadata metadata;
  std::shared_ptr<const VirtualClusters> virtual_clusters;  // nullptr: none
};

struct RouteTable {
  std::string name;
  std::vector<VirtualHost> hosts;
  // domain (lower case) -> index in hosts. Wildcards are kept without their star, longest first.
  TextMap<uint32_t> exact_domains;
  struct Wildcards {  // domains of one length
    size_t length;
    TextMap<uint32_t> domains;
  };
  std::vector<Wildcards> suffix_domains;  // "*.example.com" as ".example.com"
  std::vector<Wildcards> prefix_domains;  // "example.*" as "example."
  std::optional<uint32_t> default_host;   // "*"
  HeaderMutations request_headers;
  HeaderMutations response_headers;
  std::vector<std::string> internal_only_headers;
  bool most_specific_header_mutations_wins = false;
  bool ignore_port_in_host_matching = false;
  std::string vhost_header;             // lower case; the host is there, not in :authority
  bool ignore_path_parameters = false;  // paths end at ";" for conditions on them
  std::vector<MirrorPolicy> mirrors;    // where a route has none
  PerFilterConfig per_filter;
  uint32_t max_direct_response_body_size = 4096;
};

}  // namespace outrigger::config
