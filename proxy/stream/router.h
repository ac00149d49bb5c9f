// Router: the end of the filter chain: takes a request to an endpoint of the route's cluster and
// brings the response back. Timeouts, retries, replay of a request that met a stale connection,
// other hosts in the place of one that refuses, mirrors. Thread: the stream's worker. Lifetime: a
// member of its Stream.
//
//   idle --headers--> trying --response headers--> responding --end--> done
//                       |  ^
//                       '--' retry: back-off timer, then another attempt      any --reply, reset-->
//                       done
// Where the request names its host: idle --headers--> naming --its address is known--> trying
// While it tries or backs off, late attempts may go on beside (contenders).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/cluster.h"
#include "api/config/route.h"
#include "api/dns_cache.h"
#include "api/filter/verdict.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/route/hash_policy.h"
#include "proxy/route/header_mutation.h"
#include "proxy/route/match.h"
#include "proxy/route/retry_condition.h"
#include "proxy/route/timeout.h"
#include "proxy/runtime/timer_wheel.h"
#include "proxy/stream/attempt_log.h"
#include "proxy/stream/attempt_measure.h"
#include "proxy/stream/contender.h"
#include "proxy/stream/redirect_history.h"
#include "proxy/stream/request_counts.h"
#include "proxy/stream/upstream_request.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::stream {

class HttpService;
class Mirror;
struct WorkerServices;

// What the router asks of its stream.
class RouterOwner {
 public:
  virtual Arena& arena() = 0;
  virtual StreamInfo& info() = 0;
  virtual HttpService& service() = 0;
  virtual WorkerServices& services() = 0;
  virtual route::ValueSource& values() = 0;
  // The routes that the request is matched against, to its end.
  virtual const config::RouteTable& route_table() const = 0;
  virtual const route::RouteMatchResult& matched_route() = 0;
  virtual uint64_t stream_random() const = 0;
  virtual bool request_complete() const = 0;
  virtual uint64_t buffer_limit() const = 0;
  virtual bool is_upgrade() const = 0;
  virtual http::HeaderMap& request_headers() = 0;
  virtual bool fraction(const config::RuntimeFraction& fraction) = 0;

  virtual void respond_informational(http::HeaderMap& headers) = 0;
  virtual void respond_headers(http::HeaderMap& headers, bool end_stream) = 0;
  virtual void respond_body(Bytes body, bool end_stream) = 0;
  virtual void respond_trailers(http::HeaderMap& trailers) = 0;
  // The response was begun and cannot be finished.
  virtual void respond_reset(const Outcome& outcome, http::ResetReason reason) = 0;
  virtual void local_reply(const LocalReply& reply) = 0;
  virtual bool response_started() const = 0;
  // Back-pressure on the client's body. Counts: n pauses need n resumes.
  virtual void pause_request(bool pause) = 0;
  // The route of the request as it is now; what was matched before stays the stream's.
  virtual route::RouteMatchResult find_route() = 0;
  virtual RedirectHistory& redirect_history() = 0;
  // What values of substitution formats read of the response until it is on its way.
  virtual void show_response(const http::HeaderMap& headers) = 0;
  virtual ArenaPtr<AttemptFilters> attempt_filters(const config::UpstreamFilters& config) = 0;
  // The request, as its headers are now, begins anew as another stream; this one ends. `response`
  // is what sent it there.
  virtual void restart(http::HeaderMap& response, Bytes body, bool has_body,
                       http::HeaderMap* trailers) = 0;

 protected:
  ~RouterOwner() = default;
};

class Router final : public ContenderOwner, private DnsWaiter {
 public:
  Router(RouterOwner& owner, runtime::TimerWheel& wheel);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  void on_request_headers(http::HeaderMap& headers, bool end_stream);
  void on_request_body(Bytes body, bool end_stream);
  void on_request_trailers(http::HeaderMap& trailers);
  // The client cannot take more / can again.
  void pause_response(bool pause);
  // The stream is over: give up what is under way.
  void abandon();

 private:
  enum class State : uint8_t {
    idle,
    naming,
    trying,
    backing_off,
    responding,
    done
  };

  // UpstreamOwner
  Arena& arena() override { return owner_.arena(); }
  http::WireBytes* wire_bytes() override { return &owner_.info().upstream_wire; }
  void on_upstream_informational(http::HeaderMap& headers) override;
  void on_upstream_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_upstream_body(Bytes body, bool end_stream) override;
  void on_upstream_trailers(http::HeaderMap& trailers) override;
  void on_upstream_failure(const UpstreamFailure& failure) override;
  void on_upstream_blocked(bool blocked) override;
  void on_upstream_connected(upstream::ClientConnection& connection, upstream::Host& host) override;
  void on_upstream_request_sent() override;
  // ContenderOwner
  void on_contender_headers(Contender& contender, http::HeaderMap& headers,
                            bool end_stream) override;
  void on_contender_failure(Contender& contender, const UpstreamFailure& failure) override;

  bool refuse_invalid(const http::HeaderMap& headers);
  bool answer_locally(http::HeaderMap& headers);
  void answer_directly(const config::DirectResponseAction& action);
  bool choose_cluster(const config::ForwardAction& action);
  bool drop_overload();
  void prepare_headers(const config::ForwardAction& action, http::HeaderMap& headers);
  void start_mirrors(const config::ForwardAction& action, http::HeaderMap& headers,
                     bool end_stream);
  // `unsent`: the attempt before, if what waits in it goes along.
  void attempt(bool fresh, const UpstreamRequest* unsent = nullptr);
  ArenaPtr<UpstreamRequest> make_attempt(upstream::ConnPool& pool, bool headers_only);
  void refuse_without_host(std::string_view cause,
                           std::string_view details = "no_healthy_upstream");
  bool names_host() const;
  bool wait_for_host();
  void on_dns_host(const CachedHostPtr& host) override;
  void refuse_unresolved(const CachedHost& host);
  void refuse_without_room();
  void stop_naming();
  void measure_attempt();
  void measure_request();
  void note_attempt();
  void note_connection(upstream::ClientConnection& connection);
  void note_upstream(upstream::ClientConnection& connection, upstream::Host& host);
  void start_global_timeout();
  bool try_again(const UpstreamFailure& failure);
  bool is_whole() const;
  bool may_replay(const UpstreamFailure& failure) const;
  void replay(const UpstreamFailure& failure);
  bool is_for_policy(const UpstreamFailure& failure) const;
  bool may_move(const UpstreamFailure& failure) const;
  bool move_on(const UpstreamFailure& failure);
  upstream::HostRef pick_untried();
  upstream::HostRef pick_untried(const std::vector<uint32_t>* priority_loads);
  void go_to(upstream::HostRef host);
  bool retry(bool wanted, const http::HeaderMap* response);
  void note_retry_outcome(bool wanted);
  bool take_retry();
  void give_retry_back();
  std::chrono::milliseconds back_off(const http::HeaderMap* response);
  void set_retry_headers();
  void contend();
  bool has_contender() const;
  void promote(Contender& contender);
  bool promote_contender();
  void drop_contenders();
  bool follow_redirect(http::HeaderMap& response, int code);
  bool turn_request(const config::InternalRedirectPolicy& policy, std::string_view location,
                    const http::HeaderMap& response, int code);
  bool accept_target(const config::InternalRedirectPolicy& policy, RedirectHistory& history,
                     bool from_https, bool to_https);
  const config::RetryPolicy* retry_policy() const;
  route::TimeoutOptions timeout_options() const;
  bool is_unwanted(const upstream::Host& host) const;
  const std::vector<uint32_t>* retry_loads();
  void keep_body(Bytes body);
  void on_global_timeout();
  int timeout_code() const { return timeouts_.empty_answer ? 204 : 504; }
  void start_try_timers();
  void note_upstream_activity();
  void stop_try_timers();
  void cancel_timers();
  void on_per_try_timeout();
  void on_try_idle();
  void on_duration();
  void give_try_up(ResponseFlag flag, std::string_view details, std::string_view cause);
  void time_out(ResponseFlag flag, std::string_view details, std::string_view cause,
                std::string_view body);
  void compute_hash();
  upstream::LbContext lb_context(uint64_t random);
  upstream::Criteria criteria();
  void note_load(const http::HeaderMap& headers);
  upstream::ConnPool& choose_pool();
  upstream::HostRef pick_retry_host();
  // `response`: the upstream's, which took so long; nullptr: one of ours.
  void count_code(int code, const http::HeaderMap* response = nullptr,
                  std::optional<uint64_t> took_ms = {});
  void note_failed_attempt(const UpstreamFailure& failure, upstream::Host& host);
  void fail(const UpstreamFailure& failure);
  void finish_headers(http::HeaderMap& headers);

  RouterOwner& owner_;
  State state_ = State::idle;
  const config::Route* route_ = nullptr;
  const config::ForwardAction* action_ = nullptr;
  const config::WeightedCluster* choice_weighted_ = nullptr;
  upstream::WorkerClusterRef cluster_;
  upstream::HostRef host_;
  upstream::WorkerClusterRef of_host_;  // where the host is an aggregate's
  route::RequestHash hash_;
  std::vector<const upstream::Host*> tried_hosts_;  // filled by retries, and by hosts that refused
  // Of a retry policy that leaves tried priorities out; the loads hold until they are made anew.
  std::vector<uint32_t> tried_priorities_;
  std::vector<uint32_t> retry_loads_;
  http::HeaderMap* headers_ = nullptr;
  http::HeaderMap* trailers_ = nullptr;
  ArenaPtr<UpstreamRequest> upstream_;
  std::vector<ArenaPtr<Contender>> contenders_;       // also those that are over
  std::vector<ArenaPtr<UpstreamRequest>> displaced_;  // by contenders: over, but perhaps in a call
  ArenaPtr<AttemptLog> log_;                          // nullptr: no log of attempts
  ArenaPtr<AttemptMeasure> measure_;                  // nullptr: nobody wants to know
  std::vector<Mirror*> mirrors_;                      // each destroys itself after original_ended()
  RequestCounts counts_;
  route::RequestTimeouts timeouts_;
  route::RetryRules retry_rules_;
  std::string kept_body_;  // what has come, as long as another attempt may need it
  bool keep_body_ = false;
  bool body_lost_ = false;  // it was too long to keep, or went to an attempt and was not kept
  bool body_seen_ = false;
  bool end_seen_ = false;
  bool internal_ = false;       // x-envoy-internal: counts as internal traffic of the cluster
  uint8_t replays_ = 0;         // of an attempt that met the end of its connection
  uint8_t moves_ = 0;           // from a host that refused to another one
  bool was_cut_ = false;        // ... of these one from a host that ended the connection
  bool retry_counted_ = false;  // a unit of the retry circuit breaker is taken
  bool hedges_ = false;         // a late try goes on beside the next one
  bool was_late_ = false;       // the present attempt was: there was a try after it
  bool late_retry_ = false;     // the present attempt follows one that ran out of time
  bool response_paused_ = false;
  unsigned pauses_ = 0;
  bool request_paused_ = false;
  uint32_t retries_ = 0;
  uint64_t buffer_limit_ = 0;
  runtime::MonotonicTime upstream_start_;
  runtime::Timer global_timer_;
  runtime::Timer per_try_timer_;  // also the back-off between attempts
  runtime::Timer try_idle_timer_;
  runtime::Timer duration_timer_;  // the cluster's max_stream_duration
};

}  // namespace outrigger::stream
