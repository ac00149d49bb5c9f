// Further attempts: whether, when and where, and those that go on beside (hedging).
#include <algorithm>

#include "proxy/stream/failure_text.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/router.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/match_criteria.h"

namespace outrigger::stream {
namespace {

using http::HeaderId;
using std::chrono::milliseconds;

// A list has each of its members.
bool has_value(const MetadataValue& have, const MetadataValue& wanted) {
  if (have == wanted) return true;
  const auto* list = std::get_if<MetadataList>(&have.get());
  return list != nullptr && std::ranges::find(*list, wanted) != list->end();
}

bool has_all(const MetadataStruct& have, const MetadataStruct& wanted) {
  return std::ranges::all_of(wanted.members(), [&](const MetadataStruct::Member& member) {
    const MetadataValue* value = have.find(member.first);
    return value != nullptr && has_value(*value, member.second);
  });
}

}  // namespace

// The cluster's own comes first.
const config::RetryPolicy* Router::retry_policy() const {
  const config::ClusterHttpPolicies* of_cluster = cluster_->config().http_policies.get();
  return of_cluster != nullptr && of_cluster->retry != nullptr ? of_cluster->retry.get()
                                                               : action_->retry.get();
}

// Starts the back-off before another attempt. False: the present outcome stands. `response`: how
// the attempt was answered, if it was.
bool Router::retry(bool wanted, const http::HeaderMap* response) {
  note_retry_outcome(wanted);
  if (!wanted || !take_retry()) return false;
  ++retries_;
  late_retry_ = false;
  tried_hosts_.push_back(host_);
  tried_priorities_.push_back(cluster_->priority_of(*host_));
  cluster_->stats().upstream_rq_retry.inc();
  counts_.count(&RouteStats::upstream_rq_retry);
  milliseconds delay = back_off(response);
  if (response != nullptr) upstream_->give_up(http::ResetReason::local_reset);
  stop_try_timers();
  state_ = State::backing_off;
  per_try_timer_.start(delay);
  return true;
}

// The attempt before this one was a retry: it ends here, and as a success if it needs no other.
void Router::note_retry_outcome(bool wanted) {
  if (!retry_counted_) return;
  if (!wanted) {
    cluster_->stats().upstream_rq_retry_success.inc();
    counts_.count(&RouteStats::upstream_rq_retry_success);
  }
  give_retry_back();
}

void Router::give_retry_back() {
  if (!std::exchange(retry_counted_, false)) return;
  cluster_->limits(action_->high_priority).retries.give();
  cluster_->note_limits(action_->high_priority);
}

bool Router::take_retry() {
  ClusterStats& stats = cluster_->stats();
  if (body_seen_ && body_lost_) return false;
  if (retries_ >= retry_rules_.retries) {
    stats.upstream_rq_retry_limit_exceeded.inc();
    counts_.count(&RouteStats::upstream_rq_retry_limit_exceeded);
    owner_.info().flags.set(ResponseFlag::upstream_retry_limit_exceeded);
    return false;
  }
  if (!end_seen_) {
    owner_.service().stats().rq_retry_skipped_request_not_complete.inc();
    return false;
  }
  retry_counted_ = cluster_->try_take_retry(action_->high_priority);
  cluster_->note_limits(action_->high_priority);
  if (retry_counted_) return true;
  stats.upstream_rq_retry_overflow.inc();
  counts_.count(&RouteStats::upstream_rq_retry_overflow);
  owner_.info().flags.set(ResponseFlag::upstream_overflow);
  return false;
}

milliseconds Router::back_off(const http::HeaderMap* response) {
  ClusterStats& stats = cluster_->stats();
  uint64_t random = owner_.services().random.next();
  if (response != nullptr) {
    auto delay = route::rate_limited_delay(retry_rules_, *response,
                                           owner_.services().loop.system_now(), random);
    if (delay) {
      stats.upstream_rq_retry_backoff_ratelimited.inc();
      return *delay;
    }
  }
  stats.upstream_rq_retry_backoff_exponential.inc();
  return route::retry_delay(retry_rules_, retries_, random);
}

route::TimeoutOptions Router::timeout_options() const {
  const RouterOptions& router = owner_.service().router_options();
  route::TimeoutOptions options;
  options.envoy_headers = !router.suppress_envoy_headers;
  options.respect_expected_rq_timeout = router.respect_expected_rq_timeout;
  options.grpc = route::is_grpc(*headers_);
  options.hedging = hedges_;
  return options;
}

// What the upstream is told of an attempt that is not the first.
void Router::set_retry_headers() {
  StreamInfo& info = owner_.info();
  const config::VirtualHost& host = *owner_.matched_route().host;
  if (host.include_request_attempt_count) {
    headers_->set(HeaderId::x_envoy_attempt_count,
                  owner_.arena().copy(std::to_string(info.attempt_count)));
  }
  if (host.include_is_timeout_retry_header)
    headers_->set("x-envoy-is-timeout-retry", late_retry_ ? "true" : "false");
  milliseconds elapsed{0};
  if (info.request_end) {
    elapsed =
        std::chrono::duration_cast<milliseconds>(owner_.services().loop.now() - *info.request_end);
  }
  route::set_timeout_headers(*action_, timeouts_, elapsed, *headers_, timeout_options());
}

bool Router::is_unwanted(const upstream::Host& host) const {
  const config::RetryPolicy& policy = *retry_rules_.policy;
  if (policy.avoid_previous_hosts && std::ranges::find(tried_hosts_, &host) != tried_hosts_.end())
    return true;
  if (policy.avoid_canary_hosts && host.endpoint->canary) return true;
  const MetadataStruct* metadata = upstream::lb_metadata(host.endpoint->metadata);
  if (metadata == nullptr) return false;
  return std::ranges::any_of(policy.avoided_metadata, [metadata](const MetadataStruct& avoided) {
    return has_all(*metadata, avoided);
  });
}

// Where the next attempt goes, if the policy leaves priorities out that were tried (Envoy's
// previous_priorities). nullptr: where health says.
const std::vector<uint32_t>* Router::retry_loads() {
  const config::RetryPolicy* policy = retry_rules_.policy;
  uint32_t frequency = policy == nullptr ? 0 : policy->priority_update_frequency;
  if (frequency == 0 || tried_priorities_.size() < frequency) return nullptr;
  if (tried_priorities_.size() % frequency == 0) {
    retry_loads_ = cluster_->loads_without(tried_priorities_);
    if (retry_loads_.empty()) {  // all were tried: begin anew
      tried_priorities_.clear();
      retry_loads_ = cluster_->loads_without({});
    }
  }
  return retry_loads_.empty() ? nullptr : &retry_loads_;
}

// The last pick stands, whether or not it is wanted: any host is better than none.
upstream::HostRef Router::pick_retry_host() {
  const config::RetryPolicy* policy = retry_rules_.policy;
  uint32_t picks = policy != nullptr && policy->is_choosy() ? policy->host_picks : 0;
  const std::vector<uint32_t>* loads = retry_loads();
  for (uint32_t n = 0;; ++n) {
    upstream::LbContext context = lb_context(owner_.services().random.next());
    context.repeated = n;
    context.priority_loads = loads;
    upstream::HostRef host = cluster_->pick_host(context);
    if (n == picks || host == nullptr || !is_unwanted(*host)) return host;
  }
}

// The present attempt is late. It goes on, and another one is begun beside it if one may be.
void Router::contend() {
  if (was_late_) return;
  host_->note_failure(upstream::HostState::Failure::timeout);
  if (!retry_rules_.enabled() || !retry(true, nullptr)) return;
  late_retry_ = true;
  contenders_.push_back(
      make_in_arena<Contender>(owner_.arena(), *this, std::move(upstream_), host_));
}

bool Router::has_contender() const {
  return std::ranges::any_of(contenders_, [](const auto& each) { return each->alive(); });
}

void Router::drop_contenders() {
  for (const auto& contender : contenders_) contender->give_up();
}

// Puts a late attempt into the place of the present one.
void Router::promote(Contender& contender) {
  if (upstream_ != nullptr) {
    upstream_->give_up(http::ResetReason::local_reset);
    displaced_.push_back(std::move(upstream_));
  }
  stop_try_timers();
  host_ = contender.host();
  upstream_ = contender.take();
  was_late_ = true;
  state_ = State::trying;
  if (response_paused_) upstream_->pause_response(true);
  if (upstream::ClientConnection* connection = upstream_->connection())
    note_upstream(*connection, *host_);
}

bool Router::promote_contender() {
  for (const auto& contender : contenders_) {
    if (!contender->alive()) continue;
    promote(*contender);
    return true;
  }
  return false;
}

// An answer that would be asked for once more is worth nothing while others are waited for.
void Router::on_contender_headers(Contender& contender, http::HeaderMap& headers, bool end_stream) {
  if (route::should_retry(retry_rules_, headers, owner_.arena())) {
    contender.host()->stats().rq_error.inc();
    contender.give_up();
    return;
  }
  promote(contender);
  on_upstream_headers(headers, end_stream);
}

void Router::on_contender_failure(Contender& contender, const UpstreamFailure& failure) {
  note_failed_attempt(failure, *contender.host());
  count_code(failure_code(failure));
}

}  // namespace outrigger::stream
