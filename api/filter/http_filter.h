// The contract of HTTP filters. A filter is a folder: config.{h,cc} compiles a proto into an
// immutable HttpFilterFactory, filter.{h,cc} holds one stream's HttpFilter. Filters depend on api/
// only. Thread: HttpFilter and FilterContext belong to the stream's worker; factories and route
// configs are immutable and shared by all workers. Lifetime: a filter lives in its stream's arena
// from the first header to the end of the stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/arena.h"
#include "api/config/access_log.h"
#include "api/config/route.h"
#include "api/filter/verdict.h"
#include "api/grpc/client.h"
#include "api/http/async_client.h"
#include "api/http/header_map.h"
#include "api/log_level.h"
#include "api/stats.h"
#include "api/stream_info.h"

namespace outrigger::config {
struct UpstreamFilters;
}

namespace outrigger {

class HttpFilter;

// A compiled entry of typed_per_filter_config; each filter derives its own.
class FilterRouteConfig {
 public:
  virtual ~FilterRouteConfig() = default;
};

// How many endpoints of a cluster there are, and how many of them are healthy or degraded.
struct ClusterHealth {
  bool exists = false;
  uint64_t endpoints = 0;
  uint64_t available = 0;
};

// What a filter leaves for the filters of the stream that its detour leads to.
class DetourMark {
 public:
  virtual ~DetourMark() = default;
};

// Another place inside the proxy, that is to answer a request in the place of who answered it.
struct Detour {
  std::string_view url;                     // absolute; empty: what `redirect` makes of the request
  const config::Route* redirect = nullptr;  // its action is a RedirectAction
  const config::HeaderMutations* request_headers = nullptr;  // nullptr: none
  std::shared_ptr<const DetourMark> mark;
};

enum class DetourResult : uint8_t {
  begun,
  invalid_url,
  no_route,
  not_possible  // the request is not complete, or the answer is on its way
};

// What a filter may ask of its stream.
class FilterContext {
 public:
  virtual Arena& arena() = 0;
  virtual StreamInfo& info() = 0;
  virtual http::HeaderMap& request_headers() = 0;
  virtual http::HeaderMap* request_trailers() = 0;  // nullptr: none (yet)
  virtual http::HeaderMap* response_headers() = 0;  // nullptr: none (yet)
  virtual http::HeaderMap* response_trailers() = 0;
  // Adds trailers where the message has none; valid until the message's end was passed on.
  virtual http::HeaderMap& add_request_trailers() = 0;
  virtual http::HeaderMap& add_response_trailers() = 0;

  // The route that the request matched; nullptr: none. Matched once, before the first filter.
  virtual const config::Route* route() = 0;
  // The cluster that the route sends to; of a weighted route, the one that was drawn. Empty: none.
  virtual std::string_view route_cluster() = 0;
  // Do all conditions hold for the request?
  virtual bool request_matches(std::span<const config::HeaderMatch> conditions) = 0;
  virtual bool request_matches(const config::RouteMatch& conditions) = 0;
  // What generic matchers read of the request.
  virtual const config::MatchSource& match_source() = 0;
  // After a filter changed what routes match on: match again before the next filter.
  virtual void clear_route() = 0;
  // The most specific typed_per_filter_config of this filter (weighted cluster, route, virtual
  // host, route table), or nullptr.
  virtual const FilterRouteConfig* route_config() = 0;
  // All of them, least specific first; returns how many were put into `out`.
  virtual size_t route_configs(const FilterRouteConfig* out[], size_t capacity) = 0;

  // Ends a `wait` of this filter on the request or response path. Only from outside a callback of
  // this filter's same path.
  virtual void resume_request() = 0;
  virtual void resume_response() = 0;
  // The same, but the filter wants to see the whole body first, as if it had returned `hold` where
  // it returned `wait`. Only for a wait that began with the headers.
  virtual void hold_request() = 0;
  virtual void hold_response() = 0;
  // While this filter waits on the response's body, from outside its callbacks: passes the first
  // `bytes` of the piece that it was shown last, and goes on waiting with the rest.
  virtual void release_response(size_t bytes) = 0;
  // From inside a body callback that returns `next`: these octets go on instead of the piece (and
  // of what was held before it). From inside a trailers callback: they go before the trailers. From
  // inside a headers callback of a message that is its headers alone: they become its body. Before
  // or during a `wait`: they go on instead of what the filter was shown. They stay where they are
  // until the callback's next call.
  virtual void replace_request_body(std::string_view octets) = 0;
  virtual void replace_response_body(std::string_view octets) = 0;
  // Answers from outside a callback (a timer, say) while this filter waits.
  virtual void reply(const LocalReply& reply) = 0;
  // From inside on_response_headers: the client is not to have this response; its request begins
  // anew, as a GET of another place, from the first filter on. `begun`: this stream is over, and
  // the callback's verdict does not count. Otherwise the response may go on.
  virtual DetourResult take(const Detour& detour) = 0;
  // The mark of the detour that led the request here; nullptr: it is where its client sent it.
  virtual const DetourMark* detour_mark() = 0;
  // Ends the stream without an answer (RST_STREAM, or closes the HTTP/1 connection).
  virtual void reset(const Outcome& outcome) = 0;

  // Calls filter.on_timer(tag) after `delay`, at most once; a new call for the same tag replaces
  // the old; the stream's end cancels it. Tags 0..3.
  virtual void start_timer(unsigned tag, std::chrono::milliseconds delay) = 0;
  virtual void cancel_timer(unsigned tag) = 0;

  // The request's body kept by `wait` and `hold` so far; the limit above which a request gets 413
  // (response: 500).
  virtual size_t request_buffered() const = 0;
  virtual void set_request_buffer_limit(uint64_t bytes) = 0;
  virtual std::string_view request_buffer() = 0;  // contiguous; only while held
  virtual std::string_view response_buffer() = 0;

  // The filter's name in the chain.
  virtual std::string_view name() const = 0;
  // A line of the application log, of the component `lua`: what a script says.
  virtual void script_log(LogLevel level, std::string_view line) = 0;
  // The downstream connection takes no further request: `connection: close`, or GOAWAY.
  virtual void drain_connection() = 0;

  // The worker's number for StatsScope::local(), 64 random bits, true with the given chance of a
  // million (runtime key may override).
  virtual unsigned worker() const = 0;
  virtual uint64_t random() = 0;
  virtual bool fraction(const config::RuntimeFraction& fraction) = 0;
  // Value of a runtime key, or `fallback`.
  virtual uint64_t runtime_value(std::string_view key, uint64_t fallback) = 0;
  // Answered by the server: is the proxy failing its health check or draining?
  virtual bool server_healthy() const = 0;
  virtual ClusterHealth cluster_health(std::string_view cluster) = 0;
  // The cluster of that name that is in force; nullptr: none.
  virtual const config::Cluster* find_cluster(std::string_view name) = 0;
  // This proxy's own cluster, --service-cluster.
  virtual std::string_view service_cluster() const = 0;
  // Of this turn of the loop.
  virtual MonotonicTime now() const = 0;
  // The text of a format for this stream as it stands now, in the arena.
  virtual std::string_view substitute(const config::SubstitutionFormat& format) = 0;
  virtual void apply(const config::HeaderMutations& mutations, http::HeaderMap& headers) = 0;
  virtual void apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers) = 0;

  // The text of a format, `local_reply_body` being its %LOCAL_REPLY_BODY%; in the arena.
  virtual std::string_view render(const config::LogFormat& format,
                                  std::string_view local_reply_body) = 0;
  // What a filter keeps for all streams of the downstream connection: empty until it puts something
  // there. `owner`, of the filter's configuration, tells whose it is.
  virtual std::shared_ptr<void>& connection_data(const std::shared_ptr<const void>& owner) = 0;

  // The worker's clients. What a filter starts it ends in on_stream_end.
  virtual http::AsyncClient& http_client() = 0;
  virtual grpc::ClientFactory& grpc_clients() = 0;

 protected:
  ~FilterContext() = default;
};

class HttpFilter {
 public:
  virtual ~HttpFilter() = default;
  virtual Verdict on_request_headers(FilterContext&, http::HeaderMap& /*headers*/,
                                     bool /*end_stream*/) {
    return Verdict::next();
  }
  virtual Verdict on_request_body(FilterContext&, std::string_view /*body*/, bool /*end_stream*/) {
    return Verdict::next();
  }
  virtual Verdict on_request_trailers(FilterContext&, http::HeaderMap& /*trailers*/) {
    return Verdict::next();
  }
  // Response filters run in the reverse order. A `reply` here replaces the response.
  virtual Verdict on_response_headers(FilterContext&, http::HeaderMap& /*headers*/,
                                      bool /*end_stream*/) {
    return Verdict::next();
  }
  virtual Verdict on_response_body(FilterContext&, std::string_view /*body*/, bool /*end_stream*/) {
    return Verdict::next();
  }
  virtual Verdict on_response_trailers(FilterContext&, http::HeaderMap& /*trailers*/) {
    return Verdict::next();
  }
  virtual void on_timer(FilterContext&, unsigned /*tag*/) {}
  // The stream is over (well or not); called once, before the access log.
  virtual void on_stream_end(FilterContext&) {}
};

// Options of the terminal filter; the chain's end reads them.
struct RouterOptions {
  bool suppress_envoy_headers = false;
  bool respect_expected_rq_timeout = false;
  bool suppress_grpc_request_failure_code_stats = false;
  bool dynamic_stats = true;
  // Headers (lower case) whose value a request must have right, or it gets 400.
  std::vector<std::string> strict_headers;
  std::vector<config::AccessLog> upstream_logs;        // one line per attempt
  bool log_on_upstream_stream = false;                 // and one when it gets its stream
  std::chrono::milliseconds upstream_log_interval{0};  // and one each time this passed; 0: none
  // Of every attempt, unless its cluster has its own; nullptr: none.
  std::shared_ptr<const config::UpstreamFilters> upstream_filters;
};

// One compiled filter of a chain; makes a stream's filter in its arena.
class HttpFilterFactory {
 public:
  virtual ~HttpFilterFactory() = default;
  virtual ArenaPtr<HttpFilter> create(Arena& arena) const = 0;
  // Only the router returns them: it ends a chain.
  virtual const RouterOptions* router_options() const { return nullptr; }
};

}  // namespace outrigger
