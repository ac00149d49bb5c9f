#include <algorithm>
#include <iterator>

#include "fmt/format.h"

#include "xds/protocol/nack.h"
#include "xds/protocol/topic.h"

namespace outrigger::xds {
namespace {

std::shared_ptr<ResourceUpdate> empty_update(const Answer& answer) {
  auto update = std::make_shared<ResourceUpdate>();
  update->type_url = answer.type_url;
  update->version = answer.version;
  return update;
}

// Who is to get which resource: sorted by subscriber, then by the resource's place.
using Claims = std::vector<std::pair<SubscriberId, size_t>>;

Claims claims_of(const Interest& interest, const std::vector<AnsweredResource>& resources) {
  Claims out;
  const auto& all = interest.wildcard_subscribers();
  for (size_t i = 0; i < resources.size(); ++i) {
    auto claim = [&](SubscriberId id) {
      if (!all.contains(id)) out.emplace_back(id, i);
    };
    interest.for_each(resources[i].resource.name, claim);
    for (const std::string& alias : resources[i].resource.aliases) interest.for_each(alias, claim);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());  // by name and by alias
  return out;
}

Claims claims_of(const Interest& interest, const std::vector<std::string>& removed) {
  Claims out;
  const auto& all = interest.wildcard_subscribers();
  for (size_t i = 0; i < removed.size(); ++i) {
    interest.for_each(removed[i], [&](SubscriberId id) {
      if (!all.contains(id)) out.emplace_back(id, i);
    });
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

void Topic::begin(Response& response) {
  Answer& answer = response.answer;
  --waiting_responses_;
  waiting_octets_ -= std::min(waiting_octets_, answer.octets);
  current_->version = answer.version;
  current_->nonce = answer.nonce;
  current_->stream = response.stream;
  current_->refused = !answer.rejected.empty();
  current_->delivery->reject(std::move(answer.rejected));
  bool heartbeats = take_heartbeats(answer);
  note_ttls(answer);
  for (const std::string& name : answer.removed) {
    ttls_.erase(name);
    if (interest_.wants(name)) context_.ledger.missing(type_url(), name);
  }
  Deliveries deliveries = distribute(answer, heartbeats);
  if (current_->refused && deliveries.empty()) {
    for (const auto& [id, subscriber] : subscribers_) subscriber->count_rejected();
  }
  deliver(std::move(deliveries));
}

void Topic::begin(Expired& expired) {
  Answer answer;
  answer.type_url = type_url();
  for (std::string& name : expired.names) {
    if (ttls_.contains(name)) continue;  // it came anew meanwhile
    held_.forget(name);
    if (session_ != nullptr) session_->forgot(name);
    if (interest_.wants(name)) context_.ledger.missing(type_url(), name);
    answer.removed.push_back(std::move(name));
  }
  Deliveries deliveries;
  if (interest_.wildcard()) {
    auto update = empty_update(answer);
    update->removed = answer.removed;
    for (SubscriberId id : interest_.wildcard_subscribers()) deliveries.emplace_back(id, update);
  }
  Deliveries named = distribute_by_name(answer, false, false);
  std::move(named.begin(), named.end(), std::back_inserter(deliveries));
  deliver(std::move(deliveries));
}

void Topic::begin(Replay& replay) {
  Deliveries deliveries;
  for (const auto& [id, names] : replay.names) {
    auto update = std::make_shared<ResourceUpdate>();
    update->type_url = type_url();
    if (names.empty()) {
      update->added = held_.all();
      update->complete = options_.sotw;
    }
    for (const std::string& name : tidy_names(names)) {
      if (const Resource* one = held_.find(name)) update->added.push_back(*one);
    }
    if (update->added.empty()) continue;
    if (!subscribers_.contains(id)) continue;
    update->version = update->added.front().version;
    deliveries.emplace_back(id, std::move(update));
  }
  deliver(std::move(deliveries));
}

// Takes them out of the answer: what they name stays as it is.
bool Topic::take_heartbeats(Answer& answer) {
  // A virtual host without a body does not exist.
  if (type_url() == kVirtualHostType) return false;
  auto& all = answer.resources;
  auto first = std::stable_partition(all.begin(), all.end(),
                                     [](const AnsweredResource& one) { return !one.heartbeat; });
  if (first == all.end()) return false;
  for (auto at = first; at != all.end(); ++at) {
    const std::string& name = at->resource.name;
    if (!ttls_.contains(name)) continue;
    if (at->ttl) {
      ttls_[name] = context_.deadlines.after(*at->ttl, [this, name] { expire(name); });
    } else {
      ttls_.erase(name);
    }
  }
  all.erase(first, all.end());
  return true;
}

void Topic::note_ttls(const Answer& answer) {
  for (const AnsweredResource& one : answer.resources) {
    const std::string& name = one.resource.name;
    if (one.ttl && wanted(name)) {
      current_->ttls.emplace_back(name, *one.ttl);
    } else {
      ttls_.erase(name);
    }
  }
}

bool Topic::wanted(const std::string& name) const {
  if (interest_.wildcard()) return true;
  bool found = false;
  interest_.for_each(name, [&found](SubscriberId) { found = true; });
  return found;
}

Topic::Deliveries Topic::distribute(Answer& answer, bool heartbeats) {
  // A response with heartbeats does not list all that there are.
  bool complete = options_.sotw && !heartbeats;
  bool for_all = interest_.wildcard() || options_.keep_all;
  Deliveries out;
  if (!interest_.names().empty()) {
    if (complete && lists_all()) note_missing(answer);
    out = distribute_by_name(answer, for_all, complete && lists_all());
  }
  if (!for_all) return out;
  auto all = empty_update(answer);
  all->complete = complete;
  all->added.reserve(answer.resources.size());
  for (AnsweredResource& one : answer.resources) all->added.push_back(std::move(one.resource));
  all->removed = std::move(answer.removed);
  current_->all = all;
  Deliveries to_all;
  for (SubscriberId id : interest_.wildcard_subscribers()) to_all.emplace_back(id, all);
  std::move(out.begin(), out.end(), std::back_inserter(to_all));
  return to_all;
}

void Topic::note_missing(const Answer& answer) {
  absl::flat_hash_set<absl::string_view> there;
  for (const AnsweredResource& one : answer.resources) there.insert(one.resource.name);
  for (const auto& [name, subscribers] : interest_.names()) {
    if (!there.contains(name)) context_.ledger.missing(type_url(), name);
  }
}

// `keep`: the answer's resources are needed afterwards.
Topic::Deliveries Topic::distribute_by_name(Answer& answer, bool keep, bool complete) {
  absl::btree_map<SubscriberId, std::shared_ptr<ResourceUpdate>> updates;
  auto update_of = [&](SubscriberId id) -> ResourceUpdate& {
    auto& place = updates[id];
    if (place == nullptr) {
      place = empty_update(answer);
      place->complete = complete;
    }
    return *place;
  };
  Claims claims = claims_of(interest_, answer.resources);
  std::vector<size_t> left(answer.resources.size(), keep ? 1 : 0);
  for (const auto& [id, index] : claims) ++left[index];
  for (const auto& [id, index] : claims) {
    Resource& one = answer.resources[index].resource;
    update_of(id).added.push_back(--left[index] == 0 ? std::move(one) : one);
  }
  for (const auto& [id, index] : claims_of(interest_, answer.removed))
    update_of(id).removed.push_back(answer.removed[index]);
  if (complete) {
    // What is not listed is gone: they have to know.
    for (const auto& [id, subscriber] : subscribers_) {
      if (!interest_.wildcard_subscribers().contains(id)) update_of(id);
    }
  }
  Deliveries out;
  out.reserve(updates.size());
  for (auto& [id, update] : updates) out.emplace_back(id, std::move(update));
  return out;
}

void Topic::deliver(Deliveries deliveries) {
  for (const auto& [id, update] : deliveries) current_->delivery->expect(id, update);
  delivering_ = true;
  for (const auto& [id, update] : deliveries) hand_over(id, update);
  delivering_ = false;
  finish_if_complete();
}

void Topic::hand_over(SubscriberId id, const UpdatePtr& update) {
  auto at = subscribers_.find(id);
  if (at == subscribers_.end()) return;
  TopicSubscription& subscriber = *at->second;
  subscriber.had_first();
  std::weak_ptr<Topic*> self = self_;
  auto done = [self, delivery = current_->delivery, id,
               begun = context_.clock.now()](UpdateResult result) {
    if (auto topic = self.lock()) (*topic)->answered(delivery, id, result, begun);
  };
  subscriber.handler().on_update(update, std::move(done));
}

void Topic::answered(const std::shared_ptr<Delivery>& delivery, SubscriberId id,
                     const UpdateResult& result, Clock::Time begun) {
  if (!delivery->answered(id, result)) return;
  if (auto at = subscribers_.find(id); at != subscribers_.end()) {
    if (!result.rejected.empty() || current_->refused) {
      at->second->count_rejected();
    } else {
      auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock.now() - begun);
      at->second->count_success(current_->version, context_.clock.wall_time(), took);
    }
  }
  if (delivering_) return;
  finish_if_complete();
  work();
}

void Topic::finish_if_complete() {
  if (current_ != nullptr && !delivering_ && current_->delivery->complete()) finish();
}

void Topic::hold(const Current& done) {
  const auto& rejected = done.delivery->rejected_names();
  if (holds_all()) {
    if (done.all == nullptr) return;
    if (options_.sotw && done.all->complete) held_.clear();
    held_.take(done.all, rejected);
    return;
  }
  if (lists_all() || type_url() == kClusterType || type_url() == kListenerType) return;
  for (const UpdatePtr& update : done.delivery->updates()) {
    if (update != done.all) held_.take(update, rejected);
  }
}

void Topic::finish() {
  std::unique_ptr<Current> done = std::move(current_);
  const Delivery& delivery = *done->delivery;
  if (session_ != nullptr) {
    const ResourceUpdate* last = nullptr;
    for (const UpdatePtr& update : delivery.updates()) {
      if (update.get() != last) session_->took(*update, delivery.rejected_names());
      last = update.get();
    }
  }
  hold(*done);
  for (const auto& [name, ttl] : done->ttls) {
    if (delivery.rejected_names().contains(name)) continue;
    ttls_[name] = context_.deadlines.after(ttl, [this, name = name] { expire(name); });
  }
  for (const auto& [id, names] : done->late) {
    if (subscribers_.contains(id)) replay(id, names);
  }
  if (done->stream == 0) return;
  Acknowledgement with{
      done->version, done->nonce,
      nack_text(type_ == nullptr ? "resource(s)" : type_->noun, delivery.rejected())};
  if (with.error.empty()) {
    if (session_ != nullptr) session_->took_whole(with.version);
    context_.ledger.set_version(type_url(), with.version);
  } else {
    context_.warn(fmt::format("{} rejected: {}", type_url(), with.error));
  }
  owner_.worked_off(*this, std::move(with), done->stream);
}

}  // namespace outrigger::xds
