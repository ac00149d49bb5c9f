#include "proxy/stream/attempt_measure.h"

#include "api/stats_cluster.h"

namespace outrigger::stream {
namespace {

// In per cent; without a timeout nothing of it is used.
uint64_t share(AttemptMeasure::Milliseconds took, AttemptMeasure::Milliseconds timeout) {
  if (timeout.count() <= 0 || took.count() <= 0) return 0;
  return static_cast<uint64_t>(took.count() * 100 / timeout.count());
}

}  // namespace

void AttemptMeasure::begin(const http::HeaderMap& headers, runtime::MonotonicTime now,
                           Milliseconds per_try) {
  headers_ = &headers;
  start_ = now;
  per_try_ = per_try;
  sent_ = received_ = 0;
  answered_ = false;
}

void AttemptMeasure::on_response(const http::HeaderMap& headers) {
  answered_ = true;
  answer_size_ = headers.byte_size();
  answer_count_ = headers.size();
}

void AttemptMeasure::end(runtime::MonotonicTime now) {
  if (headers_ == nullptr) return;
  if (cluster_.timeout_budget_stats != nullptr) {
    auto took = std::chrono::duration_cast<Milliseconds>(now - start_);
    cluster_.timeout_budget_stats->local<TimeoutBudgetStats>(worker_)
        .upstream_rq_timeout_budget_per_try_percent_used.record(share(took, per_try_));
  }
  if (cluster_.message_size_stats != nullptr) {
    auto& sizes = cluster_.message_size_stats->local<MessageSizeStats>(worker_);
    sizes.upstream_rq_headers_size.record(headers_->byte_size());
    sizes.upstream_rq_headers_count.record(headers_->size());
    sizes.upstream_rq_body_size.record(sent_);
    if (answered_) {
      sizes.upstream_rs_headers_size.record(answer_size_);
      sizes.upstream_rs_headers_count.record(answer_count_);
      sizes.upstream_rs_body_size.record(received_);
    }
  }
  headers_ = nullptr;
}

void AttemptMeasure::end_request(Milliseconds took, Milliseconds timeout) {
  if (cluster_.timeout_budget_stats == nullptr) return;
  cluster_.timeout_budget_stats->local<TimeoutBudgetStats>(worker_)
      .upstream_rq_timeout_budget_percent_used.record(share(took, timeout));
}

}  // namespace outrigger::stream
