// TopicSubscription: one consumer's part of a topic: its names, its statistics, its wait for the
// first answer. Thread: main. Lifetime: the consumer's; the topic outlives it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/stats_xds.h"
#include "xds/protocol/deadlines.h"
#include "xds/protocol/interest.h"
#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class Topic;

class TopicSubscription final : public Subscription {
 public:
  TopicSubscription(Topic& topic, SubscriberId id, std::vector<std::string> names,
                    StatsScopePtr stats, SubscriptionHandler& handler)
      : topic_(topic),
        id_(id),
        names_(std::move(names)),
        stats_(std::move(stats)),
        handler_(handler) {}
  ~TopicSubscription() override;

  void set_names(std::vector<std::string> names) override;
  void ask_again(const std::string& name) override;

  SubscriberId id() const { return id_; }
  const std::vector<std::string>& names() const { return names_; }  // sorted, each once
  SubscriptionHandler& handler() { return handler_; }

  void await_first(Deadlines::Handle timeout) { first_timeout_ = std::move(timeout); }
  // Something came, good or bad, or will not come.
  void had_first() {
    first_timeout_.cancel();
    had_first_ = true;
  }
  bool waits_for_first() const { return !had_first_; }

  void count_attempt();
  void count_failure();
  void count_timeout();
  void count_rejected();
  void count_success(const std::string& version, std::chrono::system_clock::time_point at,
                     std::chrono::milliseconds took);

 private:
  SubscriptionStats* stats();

  Topic& topic_;
  const SubscriberId id_;
  std::vector<std::string> names_;
  StatsScopePtr stats_;  // nullptr: none are kept
  SubscriptionHandler& handler_;
  Deadlines::Handle first_timeout_;
  bool had_first_ = false;
};

}  // namespace outrigger::xds
