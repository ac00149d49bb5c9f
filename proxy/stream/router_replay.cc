// Attempts that no policy asks for: a request that nobody has looked at is sent once more, or goes
// to another host.
#include <algorithm>

#include "proxy/stream/http_service.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {
namespace {

// Whose repetition changes nothing (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  static constexpr std::string_view kIdempotent[] = {"GET",   "HEAD", "OPTIONS",
                                                     "TRACE", "PUT",  "DELETE"};
  return std::ranges::find(kIdempotent, method) != std::end(kIdempotent);
}

}  // namespace

// What came of the request is at hand, and all of it.
bool Router::is_whole() const {
  return !body_seen_ || (!body_lost_ && end_seen_ && !kept_body_.empty());
}

// The keep-alive race: the peer closed an idle connection while the request was on its way. Nothing
// was answered, and a request that is safe and whole is sent once more, on a new connection. What a
// GOAWAY left behind was not looked at, so that any request may be sent again (RFC 9113, 8.7).
bool Router::may_replay(const UpstreamFailure& failure) const {
  constexpr uint8_t kMaxAfterGoaway = 3;  // a peer that ends each connection at once gets no more
  if (!is_whole() || owner_.is_upgrade()) return false;
  if (failure.left_behind) return replays_ < kMaxAfterGoaway;
  if (replays_ > 0 || !failure.met_idle_close()) return false;
  return is_idempotent(headers_->get(http::HeaderId::method));
}

// The client's request, still in its first attempt.
void Router::replay(const UpstreamFailure& failure) {
  on_upstream_blocked(false);
  ++replays_;
  cluster_->stats().upstream_rq_replayed.inc();
  --owner_.info().attempt_count;
  attempt(!failure.left_behind);
}

// A policy that wants the failure repeated comes first, and where its limits forbid that, they are
// the answer; but not to a request that was not sent to anybody yet, and not to one that it could
// not repeat in any case.
bool Router::is_for_policy(const UpstreamFailure& failure) const {
  bool repeatable = end_seen_ && !(body_seen_ && body_lost_);
  if (was_late_ || !repeatable ||
      !route::should_retry(retry_rules_, failure.reason, failure.request_started))
    return false;
  if (failure.request_started) return true;
  return retries_ < retry_rules_.retries && !cluster_->retries_at_limit(action_->high_priority);
}

// The host would not have it: nothing was sent, or the host says that it did not look at it. Or it
// ended the connection without a word, as one that stops does: then a request that is safe and
// whole goes to one other host. To one only, as it may be what ends them.
bool Router::may_move(const UpstreamFailure& failure) const {
  constexpr uint8_t kMaxMoves = 3;  // where more hosts refuse, one more is not likely to help
  if (moves_ == kMaxMoves || was_late_ || has_contender() || cluster_->host_count() < 2)
    return false;
  // A session that may have its host only.
  const StreamExtras* extras = owner_.info().extras.get();
  if (extras != nullptr && extras->override_host_strict && !extras->override_host.empty())
    return false;
  bool repeatable = is_whole() && !owner_.is_upgrade();
  if (failure.reason == http::ResetReason::remote_refused_stream) return repeatable;
  if (failure.reason == http::ResetReason::connection_termination) {
    return repeatable && !was_cut_ && is_idempotent(headers_->get(http::HeaderId::method));
  }
  return failure.reason == http::ResetReason::connection_failure && !failure.request_started;
}

// Tries another host in the place of the one that refused. False: there is none. What waited for a
// stream of that one goes along, whether or not it was kept.
bool Router::move_on(const UpstreamFailure& failure) {
  tried_hosts_.push_back(host_);
  upstream::HostRef next = pick_untried();
  if (next == nullptr) return false;
  ++moves_;
  was_cut_ = was_cut_ || failure.reason == http::ResetReason::connection_termination;
  cluster_->stats().upstream_rq_elsewhere.inc();
  go_to(std::move(next));
  --owner_.info().attempt_count;
  attempt(false, failure.request_started ? nullptr : upstream_.get());
  return true;
}

// Where the priority has no other host, another priority: better a host farther away than none.
upstream::HostRef Router::pick_untried() {
  if (upstream::HostRef host = pick_untried(nullptr); host != nullptr) return host;
  std::vector<uint32_t> loads = cluster_->loads_without({cluster_->priority_of(*host_)});
  return loads.empty() ? nullptr : pick_untried(&loads);
}

upstream::HostRef Router::pick_untried(const std::vector<uint32_t>* priority_loads) {
  constexpr uint32_t kPicks = 64;  // two hosts, at random: a pick in two meets the other one
  for (uint32_t n = 1; n <= kPicks; ++n) {
    upstream::LbContext context = lb_context(owner_.services().random.next());
    context.attempt += moves_;
    context.repeated = n;
    context.priority_loads = priority_loads;
    context.avoid = &tried_hosts_;
    upstream::HostRef host = cluster_->pick_host(context);
    if (host == nullptr) return nullptr;
    if (std::ranges::find(tried_hosts_, host.get()) == tried_hosts_.end()) return host;
  }
  return nullptr;
}

// A further attempt is for this host; the request names it if the route wants that.
void Router::go_to(upstream::HostRef host) {
  host_ = std::move(host);
  if (!action_->auto_host_rewrite || host_ == nullptr || host_->endpoint->hostname.empty()) return;
  headers_->set(http::HeaderId::authority, owner_.arena().copy(host_->endpoint->hostname));
}

}  // namespace outrigger::stream
