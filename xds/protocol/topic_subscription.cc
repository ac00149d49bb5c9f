#include "xds/protocol/topic_subscription.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "xds/protocol/topic.h"

namespace outrigger::xds {

TopicSubscription::~TopicSubscription() {
  topic_.leave(*this);
}

void TopicSubscription::set_names(std::vector<std::string> names) {
  std::vector<std::string> from = std::exchange(names_, tidy_names(std::move(names)));
  count_attempt();
  topic_.names_changed(*this, from);
}

void TopicSubscription::ask_again(const std::string& name) {
  count_attempt();
  topic_.ask_again(name);
}

SubscriptionStats* TopicSubscription::stats() {
  return stats_ == nullptr ? nullptr : &stats_->local<SubscriptionStats>(StatsScope::kMainThread);
}

void TopicSubscription::count_attempt() {
  if (SubscriptionStats* to = stats()) to->update_attempt.inc();
}

// The stream that comes after it asks again.
void TopicSubscription::count_failure() {
  if (SubscriptionStats* to = stats()) {
    to->update_failure.inc();
    to->update_attempt.inc();
  }
}

void TopicSubscription::count_timeout() {
  if (SubscriptionStats* to = stats()) {
    to->init_fetch_timeout.inc();
    to->update_attempt.inc();
  }
}

void TopicSubscription::count_rejected() {
  if (SubscriptionStats* to = stats()) {
    to->update_rejected.inc();
    to->update_attempt.inc();
  }
}

void TopicSubscription::count_success(const std::string& version,
                                      std::chrono::system_clock::time_point at,
                                      std::chrono::milliseconds took) {
  SubscriptionStats* to = stats();
  if (to == nullptr) return;
  to->update_success.inc();
  to->update_attempt.inc();
  auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  to->update_time.set(since_epoch);
  to->version_text.set(version);
  to->version.set(static_cast<int64_t>(XXH64(version.data(), version.size(), 0)));
  to->update_duration.record(static_cast<uint64_t>(std::max<int64_t>(took.count(), 0)));
}

}  // namespace outrigger::xds
