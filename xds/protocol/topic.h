// Topic: one resource type of one config source: who wants what, the responses that wait, the one
// that is being worked off. Thread: main. Lifetime: its stream's or file's; longer than its
// subscriptions.
//
//   waiting --take()--> delivered to each consumer --the last done--> ACK or NACK --> the next one
// One update at a time; a paused topic begins none. Other topics are not held up.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

#include "xds/protocol/answer.h"
#include "xds/protocol/delivery.h"
#include "xds/protocol/held_resources.h"
#include "xds/protocol/interest.h"
#include "xds/protocol/protocol_context.h"
#include "xds/protocol/session.h"
#include "xds/protocol/topic_subscription.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {

class Topic;

class TopicOwner {
 public:
  // Names came or went, or the topic goes on after a pause: a request may be due.
  virtual void request_due(Topic& topic) = 0;
  // A response of stream `stream` is worked off.
  virtual void worked_off(Topic& topic, Acknowledgement with, uint64_t stream) = 0;

 protected:
  ~TopicOwner() = default;
};

// A server waits for our answer before it goes on, so what exceeds these does not follow the
// protocol: its stream is given up rather than memory.
inline constexpr size_t kMaxWaitingResponses = 256;
inline constexpr size_t kMaxWaitingOctets = size_t{256} << 20;

struct TopicOptions {
  std::string type_url;
  bool sotw = true;
  // Files: what nobody asked for is kept, too, for who asks later.
  bool keep_all = false;
};

class Topic {
 public:
  Topic(TopicOptions options, std::unique_ptr<Session> session, ProtocolContext& context,
        TopicOwner& owner);
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  const std::string& type_url() const { return options_.type_url; }
  bool unused() const { return subscribers_.empty(); }
  std::unique_ptr<TopicSubscription> subscribe(SubscriptionRequest request,
                                               SubscriptionHandler& handler,
                                               std::chrono::milliseconds fetch_timeout);

  void stream_opened();
  // What waits of it is dropped: the next stream's server sends it again.
  void stream_closed();
  // Counts a connection failure for everybody.
  void count_failure();
  // For a later turn or now, as soon as nothing else is worked off. False: too much waits.
  bool take(Answer answer, uint64_t stream);
  void set_paused(bool paused);
  bool paused() const { return paused_; }
  // Whoever had no answer yet will have none.
  void end_waits();

  // Octets to send now; empty: none.
  std::string request(const Session::Node* node);
  std::string acknowledge(const Acknowledgement& with, const Session::Node* node);

 private:
  friend class TopicSubscription;
  struct Response {
    Answer answer;
    uint64_t stream;
  };
  struct Expired {
    std::vector<std::string> names;
  };
  struct Replay {
    absl::btree_map<SubscriberId, std::vector<std::string>> names;
  };
  using Work = std::variant<Response, Expired, Replay>;
  using UpdatePtr = std::shared_ptr<const ResourceUpdate>;
  using Deliveries = std::vector<std::pair<SubscriberId, UpdatePtr>>;
  // The update that is being worked off.
  struct Current {
    std::shared_ptr<Delivery> delivery = std::make_shared<Delivery>();
    std::string version, nonce;
    uint64_t stream = 0;   // 0: not of a response
    bool refused = false;  // a part of it was refused before anybody saw it
    std::vector<std::pair<std::string, std::chrono::milliseconds>> ttls;
    UpdatePtr all;  // of files
    // Who came, and for what, while it was on its way to others.
    std::vector<std::pair<SubscriberId, std::vector<std::string>>> late;
  };

  // topic.cc
  void leave(TopicSubscription& subscriber);
  void names_changed(TopicSubscription& subscriber, const std::vector<std::string>& from);
  void ask_again(const std::string& name);
  void replay(SubscriberId id, const std::vector<std::string>& names);
  void on_fetch_timeout(SubscriberId id);
  void prune();
  void work_later();
  void work();
  void expire(const std::string& name);

  // topic_delivery.cc
  void begin(Response& response);
  void begin(Expired& expired);
  void begin(Replay& replay);
  bool take_heartbeats(Answer& answer);
  void note_ttls(const Answer& answer);
  Deliveries distribute(Answer& answer, bool heartbeats);
  Deliveries distribute_by_name(Answer& answer, bool keep, bool complete);
  void note_missing(const Answer& answer);
  void deliver(Deliveries deliveries);
  void hand_over(SubscriberId id, const UpdatePtr& update);
  void answered(const std::shared_ptr<Delivery>& delivery, SubscriberId id,
                const UpdateResult& result, Clock::Time begun);
  void finish_if_complete();
  void finish();
  bool wanted(const std::string& name) const;
  void hold(const Current& done);
  // Whether all resources are held, for who subscribes to all of them later. Of clusters and
  // listeners there is one consumer, who keeps what it needs.
  bool holds_all() const {
    return options_.keep_all || (type_url() == kScopedRouteType && interest_.wildcard());
  }
  bool lists_all() const { return options_.sotw && type_ != nullptr && type_->complete; }

  const TopicOptions options_;
  const ResourceType* const type_;    // nullptr: one that we have no names for
  std::unique_ptr<Session> session_;  // nullptr: files
  ProtocolContext& context_;
  TopicOwner& owner_;
  Interest interest_;
  absl::btree_map<SubscriberId, TopicSubscription*> subscribers_;
  SubscriberId next_id_ = 1;
  HeldResources held_;
  absl::flat_hash_map<std::string, Deadlines::Handle> ttls_;
  std::deque<Work> queue_;
  size_t waiting_octets_ = 0, waiting_responses_ = 0;
  std::unique_ptr<Current> current_;
  bool delivering_ = false;  // inside of the consumers' calls
  bool paused_ = false;
  std::unique_ptr<Clock::Alarm> turn_;
  std::shared_ptr<Topic*> self_ = std::make_shared<Topic*>(this);  // for answers after our end
};

}  // namespace outrigger::xds
