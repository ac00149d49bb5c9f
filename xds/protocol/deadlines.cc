#include "xds/protocol/deadlines.h"

#include <algorithm>

namespace outrigger::xds {

Deadlines::Handle Deadlines::after(std::chrono::milliseconds delay, std::function<void()> act) {
  // Nothing here lives longer, and what a configuration says must not overflow.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 366 * 10);
  Key key{clock_.now() + std::min(delay, kLongest), next_++};
  waiting_.emplace(key, std::move(act));
  arm();
  return Handle(*this, key);
}

void Deadlines::arm() {
  if (waiting_.empty()) return;
  Clock::Time first = waiting_.begin()->first.first;
  if (alarm_at_ <= first) return;
  alarm_at_ = first;
  auto delay = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(first - clock_.now(), Clock::Time::duration::zero()));
  alarm_ = clock_.after(delay, [this] { fire(); });
}

void Deadlines::fire() {
  alarm_at_ = Clock::Time::max();
  Clock::Time now = clock_.now();
  while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
    auto one = waiting_.extract(waiting_.begin());
    one.mapped()();
  }
  arm();
}

}  // namespace outrigger::xds
