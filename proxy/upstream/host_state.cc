#include "proxy/upstream/host_state.h"

#include <utility>

namespace outrigger::upstream {
namespace {

constexpr int kOk = 200;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;

bool is_gateway_error(int code) {
  return code >= 502 && code <= 504;
}

// A load where nothing has failed: no cache line moves between workers.
void restart(std::atomic<uint32_t>& count) {
  if (count.load(std::memory_order_relaxed) != 0) count.store(0, std::memory_order_relaxed);
}

}  // namespace

HostState::HostState(std::shared_ptr<const HostWatch> watch_in, config::EndpointPtr endpoint_in)
    : watch(std::move(watch_in)),
      results("", "", {}, OutlierResults::layout()),
      endpoint(std::move(endpoint_in)) {}

void HostState::count(std::atomic<uint32_t>& in_row, const std::atomic<uint32_t>& limit,
                      OutlierKind kind) {
  uint32_t now = in_row.fetch_add(1, std::memory_order_relaxed) + 1;
  if (now == limit.load(std::memory_order_relaxed) && watch->on_consecutive)
    watch->on_consecutive(shared_from_this(), kind);
}

void HostState::note_code(OutlierResults& mine, int code) {
  mine.total.inc();
  if (code < 500) {
    mine.success.inc();
    restart(in_row_5xx);
    restart(in_row_gateway);
    return;
  }
  if (is_gateway_error(code)) {
    count(in_row_gateway, watch->consecutive_gateway_failure,
          OutlierKind::consecutive_gateway_failure);
  } else {
    restart(in_row_gateway);
  }
  count(in_row_5xx, watch->consecutive_5xx, OutlierKind::consecutive_5xx);
}

void HostState::note_local(OutlierResults& mine, bool success) {
  mine.local_total.inc();
  if (success) {
    mine.local_success.inc();
    restart(in_row_local);
  } else {
    count(in_row_local, watch->consecutive_local_origin_failure,
          OutlierKind::consecutive_local_origin_failure);
  }
}

void HostState::note_response(OutlierResults& mine, int code) {
  note_code(mine, code);
}

void HostState::note_failure(OutlierResults& mine, Failure failure) {
  if (watch->split_local_origin) {
    note_local(mine, false);
  } else {
    note_code(mine, failure == Failure::timeout ? kGatewayTimeout : kUnavailable);
  }
}

void HostState::note_connected(OutlierResults& mine) {
  if (watch->split_local_origin) note_local(mine, true);
}

void HostState::note_connected_at_last(OutlierResults& mine) {
  if (watch->split_local_origin) {
    note_local(mine, true);
  } else {
    note_code(mine, kOk);
  }
}

void HostState::note_refusal() {
  if (watch->on_refusal) watch->on_refusal(shared_from_this());
}

void HostState::reset_counts() {
  restart(in_row_5xx);
  restart(in_row_gateway);
  restart(in_row_local);
}

config::Endpoint::Health effective_health(const config::Endpoint& endpoint,
                                          const HostHealth* state) {
  using Health = config::Endpoint::Health;
  uint32_t flags = state == nullptr ? 0 : state->flags();
  if ((flags & HealthFlag::kUnhealthy) != 0) return Health::unhealthy;
  if ((flags & HealthFlag::kDegradedByActiveCheck) != 0 && endpoint.health == Health::healthy)
    return Health::degraded;
  return endpoint.health;
}

}  // namespace outrigger::upstream
