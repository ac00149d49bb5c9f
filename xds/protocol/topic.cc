#include "xds/protocol/topic.h"

#include <algorithm>
#include <iterator>

#include "fmt/format.h"

namespace outrigger::xds {

Topic::Topic(TopicOptions options, std::unique_ptr<Session> session, ProtocolContext& context,
             TopicOwner& owner)
    : options_(std::move(options)),
      type_(find_resource_type(options_.type_url)),
      session_(std::move(session)),
      context_(context),
      owner_(owner) {
  if (type_url() == kVirtualHostType) interest_.deliver_by_parent();
}

std::unique_ptr<TopicSubscription> Topic::subscribe(SubscriptionRequest request,
                                                    SubscriptionHandler& handler,
                                                    std::chrono::milliseconds fetch_timeout) {
  SubscriberId id = next_id_++;
  auto subscriber = std::make_unique<TopicSubscription>(
      *this, id, tidy_names(std::move(request.names)), std::move(request.stats), handler);
  subscribers_[id] = subscriber.get();
  interest_.add(id, subscriber->names());
  for (const std::string& name : subscriber->names()) {
    if (name != kWildcard) context_.ledger.requested(type_url(), name);
  }
  subscriber->count_attempt();
  if (fetch_timeout.count() > 0) {
    subscriber->await_first(
        context_.deadlines.after(fetch_timeout, [this, id] { on_fetch_timeout(id); }));
  }
  replay(id, subscriber->names());
  owner_.request_due(*this);
  return subscriber;
}

void Topic::leave(TopicSubscription& subscriber) {
  SubscriberId id = subscriber.id();
  interest_.remove(id, subscriber.names());
  subscribers_.erase(id);
  // Nobody hears of changes any more: it would become stale.
  if (type_url() == kScopedRouteType && !interest_.wildcard()) held_.clear();
  if (current_ != nullptr && current_->delivery->waits_for(id)) {
    current_->delivery->answered(id, {});
    work_later();
  }
  owner_.request_due(*this);
}

void Topic::names_changed(TopicSubscription& subscriber, const std::vector<std::string>& from) {
  const std::vector<std::string>& to = subscriber.names();
  interest_.change(subscriber.id(), from, to);
  std::vector<std::string> fresh;
  std::set_difference(to.begin(), to.end(), from.begin(), from.end(), std::back_inserter(fresh));
  for (const std::string& name : fresh) {
    if (name != kWildcard) context_.ledger.requested(type_url(), name);
  }
  if (!fresh.empty()) replay(subscriber.id(), fresh);
  owner_.request_due(*this);
}

void Topic::ask_again(const std::string& name) {
  interest_.ask_again(name);
  owner_.request_due(*this);
}

// What is there already is delivered as an update of its own; what is on its way to others, after
// they took it.
void Topic::replay(SubscriberId id, const std::vector<std::string>& names) {
  if (current_ != nullptr && current_->stream != 0) current_->late.emplace_back(id, names);
  std::vector<std::string> there;
  for (const std::string& name : names) {
    if (held_.find(name) != nullptr) there.push_back(name);
  }
  bool all = holds_all() && names.empty() && !held_.empty();
  if (there.empty() && !all) return;
  if (queue_.empty() || !std::holds_alternative<Replay>(queue_.back()))
    queue_.emplace_back(Replay());
  auto& place = std::get<Replay>(queue_.back()).names[id];
  place.insert(place.end(), there.begin(), there.end());
  work_later();
}

void Topic::on_fetch_timeout(SubscriberId id) {
  auto at = subscribers_.find(id);
  if (at == subscribers_.end()) return;
  TopicSubscription& subscriber = *at->second;
  subscriber.had_first();
  subscriber.count_timeout();
  for (const std::string& name : subscriber.names()) {
    if (name != kWildcard) context_.ledger.missing(type_url(), name);
  }
  context_.warn(fmt::format("initial fetch timed out for {}{}{}", type_url(),
                            subscriber.names().empty() ? "" : " ",
                            fmt::join(subscriber.names(), ", ")));
  subscriber.handler().on_fetch_timeout();
}

void Topic::end_waits() {
  std::vector<SubscriberId> waiting;
  for (const auto& [id, subscriber] : subscribers_) {
    if (subscriber->waits_for_first()) waiting.push_back(id);
  }
  for (SubscriberId id : waiting) {
    auto at = subscribers_.find(id);
    if (at == subscribers_.end()) continue;
    at->second->had_first();
    at->second->handler().on_fetch_timeout();
  }
}

void Topic::stream_opened() {
  session_->stream_opened();
}

void Topic::stream_closed() {
  std::erase_if(queue_, [](const Work& work) { return std::holds_alternative<Response>(work); });
  waiting_octets_ = waiting_responses_ = 0;
}

void Topic::count_failure() {
  for (const auto& [id, subscriber] : subscribers_) subscriber->count_failure();
}

bool Topic::take(Answer answer, uint64_t stream) {
  waiting_octets_ += answer.octets;
  ++waiting_responses_;
  queue_.emplace_back(Response{std::move(answer), stream});
  work();
  return waiting_responses_ <= kMaxWaitingResponses && waiting_octets_ <= kMaxWaitingOctets;
}

void Topic::set_paused(bool paused) {
  paused_ = paused;
  if (paused) return;
  owner_.request_due(*this);
  work_later();
}

// Nobody asks for these names any more. Only now: somebody who left may have come again.
void Topic::prune() {
  if (options_.keep_all) return;
  for (const std::string& name : interest_.touched()) {
    if (interest_.wants(name)) continue;
    if (!holds_all()) held_.forget(name);
    if (interest_.wildcard()) continue;
    ttls_.erase(name);
    context_.ledger.removed(type_url(), name);
  }
}

std::string Topic::request(const Session::Node* node) {
  prune();
  return session_->request(interest_, node);
}

std::string Topic::acknowledge(const Acknowledgement& with, const Session::Node* node) {
  if (session_->acknowledgement_has_names(with)) prune();
  return session_->acknowledge(with, interest_, node);
}

void Topic::work_later() {
  if (turn_ != nullptr) return;
  turn_ = context_.clock.after(std::chrono::milliseconds(0), [this] {
    turn_.reset();
    finish_if_complete();
    work();
  });
}

void Topic::work() {
  while (current_ == nullptr && !paused_ && !queue_.empty()) {
    Work next = std::move(queue_.front());
    queue_.pop_front();
    current_ = std::make_unique<Current>();
    std::visit([this](auto& one) { begin(one); }, next);
  }
}

// Those that expire together are one update.
void Topic::expire(const std::string& name) {
  ttls_.erase(name);
  if (queue_.empty() || !std::holds_alternative<Expired>(queue_.back()))
    queue_.emplace_back(Expired());
  std::get<Expired>(queue_.back()).names.push_back(name);
  work_later();
}

}  // namespace outrigger::xds
