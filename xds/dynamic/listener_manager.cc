#include "xds/dynamic/listener_manager.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "fmt/format.h"

#include "api/stats_xds.h"
#include "xds/compile_listener.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How long one slice of an update may keep the main thread.
constexpr std::chrono::milliseconds kSlice{5};

std::string random_uuid() {
  std::random_device random;
  uint32_t words[4] = {random(), random(), random(), random()};
  words[1] = (words[1] & 0xffff0fff) | 0x4000;
  words[2] = (words[2] & 0x3fffffff) | 0x80000000;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16,
                     words[1] & 0xffff, words[2] >> 16, words[2] & 0xffff, words[3]);
}

bool share_an_address(const config::Listener& a, const config::Listener& b) {
  for (const auto& one : a.addresses) {
    bool any_port = one.address.is_ip() && one.address.port() == 0;
    for (const auto& other : b.addresses) {
      if (!any_port && one.address == other.address) return true;
    }
  }
  return false;
}

}  // namespace

// An update that is worked off.
struct ListenerManager::Update {
  std::shared_ptr<const ResourceUpdate> message;
  Done done;
  size_t next = 0;
  UpdateResult result;
  std::set<std::string, std::less<>> names;  // of all that it lists, those that are refused too
  std::set<std::string, std::less<>> seen;
  bool applied = false;  // any of it
};

ListenerManager::ListenerManager(ListenerManagerParts parts)
    : parts_(std::move(parts)),
      scope_(parts_.environment.stats.scope<ListenerManagerStats>("listener_manager.")),
      stats_(scope_->local<ListenerManagerStats>(StatsScope::kMainThread)) {
  stats_.total_listeners_warming.set(0);
}

ListenerManager::~ListenerManager() = default;

void ListenerManager::add_static(const config::ListenerPtr& listener) {
  Entry& entry = entries_[listener->name];
  entry.active = listener;
  entry.is_static = true;
}

absl::Status ListenerManager::start(const envoy::config::core::v3::ConfigSource& source,
                                    const std::string& resources_locator,
                                    std::function<void()> initialized) {
  initialized_ = std::move(initialized);
  SubscriptionRequest request;
  request.type_url = kTypeUrl;
  if (!resources_locator.empty()) request.names.push_back(resources_locator);
  request.stats = parts_.environment.stats.scope<SubscriptionStats>("listener_manager.lds.");
  auto subscription = parts_.subscriptions.subscribe(source, std::move(request), *this);
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

std::vector<std::shared_ptr<const InitSet>> ListenerManager::waiting() const {
  std::vector<std::shared_ptr<const InitSet>> all;
  for (const auto& [_, entry] : entries_) {
    if (entry.init != nullptr) all.push_back(entry.init);
  }
  return all;
}

void ListenerManager::on_update(std::shared_ptr<const ResourceUpdate> message, Done done) {
  auto update = std::make_shared<Update>();
  for (const Resource& resource : message->added) update->names.insert(resource.name);
  update->message = std::move(message);
  update->done = std::move(done);
  current_ = update;
  work_off(update);
}

void ListenerManager::on_fetch_timeout() {
  first_answer_ = true;
  settle_first();
}

void ListenerManager::work_off(const std::shared_ptr<Update>& update) {
  SteadyClock::time_point end = SteadyClock::now() + kSlice;
  const std::vector<Resource>& added = update->message->added;
  while (update->next < added.size()) {
    if (parts_.later && SteadyClock::now() >= end) {
      parts_.later([this, alive = std::weak_ptr<bool>(alive_), update] {
        if (alive.lock() != nullptr) work_off(update);
      });
      return;
    }
    const Resource& resource = added[update->next++];
    if (absl::Status status = apply(resource, *update); !status.ok())
      update->result.rejected.push_back({resource.name, std::string(status.message())});
  }
  finish(*update);
}

void ListenerManager::finish(Update& update) {
  remove_missing(update);
  if (update.applied || update.result.rejected.empty())
    parts_.ledger.set_version(kTypeUrl, update.message->version);
  auto keep = std::exchange(current_, nullptr);
  first_answer_ = true;
  show_warming();
  update.done(std::move(update.result));
  settle_first();
}

// After what was added: a listener of another name may take over sockets of one that goes.
void ListenerManager::remove_missing(Update& update) {
  std::vector<std::string> gone;
  for (const auto& [name, entry] : entries_) {
    if (!entry.is_static && !keeps(update, name)) gone.push_back(name);
  }
  for (const std::string& name : gone) {
    update.applied = true;
    remove(name);
  }
}

bool ListenerManager::keeps(const Update& update, const std::string& name) const {
  if (update.message->complete) return update.names.contains(name);
  const auto& removed = update.message->removed;
  return std::find(removed.begin(), removed.end(), name) == removed.end();
}

// What comes without a name again, unchanged, is what it was.
std::string ListenerManager::name_of_unnamed(const Resource& resource, const Update& update) {
  for (const std::string& name : unnamed_) {
    Resource as_named = resource;
    as_named.name = name;
    if (!update.seen.contains(name) && unchanged(as_named)) return name;
  }
  std::string name = parts_.make_name ? parts_.make_name() : random_uuid();
  unnamed_.insert(name);
  return name;
}

absl::Status ListenerManager::apply(Resource resource, Update& update) {
  std::unique_ptr<Message> message;
  absl::Status read;
  if (resource.name.empty()) {
    resource.name = name_of_unnamed(resource, update);
    update.names.insert(resource.name);
  }
  if (!update.seen.insert(resource.name).second)
    return absl::InvalidArgumentError(fmt::format("duplicate listener {} found", resource.name));
  auto known = entries_.find(resource.name);
  // A listener of the bootstrap stays what it is, as in Envoy.
  if ((known != entries_.end() && known->second.is_static) || unchanged(resource))
    return absl::OkStatus();
  auto fresh = parts_.reader.read<Message>(resource.body);
  absl::Status status = fresh.ok() ? apply_new(resource, **fresh, update) : fresh.status();
  if (status.ok()) {
    update.applied = true;
  } else {
    parts_.ledger.rejected(kTypeUrl, resource, std::string(status.message()));
  }
  return status;
}

absl::Status ListenerManager::apply_new(const Resource& resource, Message& message,
                                        Update& update) {
  message.set_name(resource.name);
  auto known = entries_.find(resource.name);
  const Ledger::Entries* ledger = parts_.ledger.entries(kTypeUrl);
  // What is in force, as it came.
  std::unique_ptr<Message> present_message;
  if (known != entries_.end() && known->second.active != nullptr && ledger != nullptr) {
    auto entry = ledger->find(resource.name);
    present_message = std::make_unique<Message>();
    if (entry == ledger->end() || entry->second.active() == nullptr ||
        !present_message->ParseFromString(entry->second.active()->body)) {
      present_message = nullptr;
    } else {
      present_message->set_name(resource.name);
    }
  }
  std::optional<PresentListener> present;
  if (present_message != nullptr)
    present.emplace(PresentListener{*present_message, *known->second.active});

  auto init =
      std::make_shared<InitSet>(fmt::format("Listener-local-init-manager {}", resource.name));
  InitSet* outer = std::exchange(parts_.environment.init, init.get());
  auto listener = compile_next_listener(message, present ? &*present : nullptr, parts_.environment,
                                        parts_.cluster_exists);
  parts_.environment.init = outer;
  if (!listener.ok()) return listener.status();
  if (absl::Status status = check_addresses(**listener, update); !status.ok()) return status;
  if (absl::Status status = parts_.sink.warm(*listener); !status.ok()) return status;
  warm(resource, *std::move(listener), std::move(init));
  return absl::OkStatus();
}

absl::Status ListenerManager::check_addresses(const config::Listener& listener,
                                              const Update& update) const {
  for (const auto& [name, entry] : entries_) {
    if (name == listener.name || (!entry.is_static && !keeps(update, name))) continue;
    for (const config::ListenerPtr& other : {entry.active, entry.warming}) {
      if (other == nullptr || !share_an_address(listener, *other)) continue;
      return absl::InvalidArgumentError(
          fmt::format("error adding listener: '{}' has duplicate address '{}' as existing listener "
                      "'{}'",
                      listener.name, listener.address().text(), name));
    }
  }
  return absl::OkStatus();
}

bool ListenerManager::unchanged(const Resource& resource) {
  auto known = entries_.find(resource.name);
  const Ledger::Entries* ledger = parts_.ledger.entries(kTypeUrl);
  if (known == entries_.end() || known->second.is_static || ledger == nullptr) return false;
  Entry& entry = known->second;
  if (entry.init != nullptr && entry.warming_resource.body.value() == resource.body.value())
    return true;
  auto present = ledger->find(resource.name);
  if (entry.active == nullptr || present == ledger->end() || present->second.active() == nullptr ||
      present->second.active()->body != resource.body.value())
    return false;
  // Back to what is in force.
  if (entry.init != nullptr) stop_warming(resource.name, entry);
  parts_.ledger.activated(kTypeUrl, resource);
  return true;
}

void ListenerManager::stop_warming(const std::string& name, Entry& entry) {
  entry.init = nullptr;
  entry.warming = nullptr;
  parts_.sink.abandon(name);
}

void ListenerManager::warm(const Resource& resource, config::ListenerPtr listener,
                           std::shared_ptr<InitSet> init) {
  Entry& entry = entries_[resource.name];
  bool is_new = entry.active == nullptr && entry.init == nullptr;
  (is_new ? stats_.listener_added : stats_.listener_modified).inc();
  entry.warming = std::move(listener);
  entry.warming_resource = resource;
  entry.init = init;
  if (!init->is_ready()) parts_.ledger.warming(kTypeUrl, resource);
  init->when_ready([this, name = resource.name, waited = init.get()] { on_warm(name, waited); });
}

void ListenerManager::on_warm(const std::string& name, const InitSet* init) {
  auto known = entries_.find(name);
  if (known == entries_.end() || known->second.init.get() != init) return;
  Entry& entry = known->second;
  std::shared_ptr<InitSet> keep = std::exchange(entry.init, nullptr);
  config::ListenerPtr listener = std::exchange(entry.warming, nullptr);
  Resource resource = std::exchange(entry.warming_resource, {});
  if (absl::Status status = parts_.sink.set(listener); status.ok()) {
    entry.active = std::move(listener);
    parts_.ledger.activated(kTypeUrl, resource);
    log(fmt::format("lds: add/update listener '{}'", name));
  } else {
    std::string reason(status.message());
    parts_.ledger.rejected(kTypeUrl, resource, reason);
    log(fmt::format("lds: listener '{}' cannot be used: {}", name, reason));
    parts_.sink.abandon(name);
    if (entry.active == nullptr) entries_.erase(known);
  }
  if (current_ != nullptr) return;  // its end tells
  show_warming();
  settle_first();
}

void ListenerManager::remove(const std::string& name) {
  auto known = entries_.find(name);
  bool active = known->second.active != nullptr;
  if (known->second.init != nullptr) stop_warming(name, known->second);
  entries_.erase(known);
  unnamed_.erase(name);
  stats_.listener_removed.inc();
  log(fmt::format("lds: remove listener '{}'", name));
  if (!active) {
    parts_.ledger.removed(kTypeUrl, name);
    return;
  }
  parts_.ledger.draining(kTypeUrl, name);
  parts_.sink.remove(name, [this, alive = std::weak_ptr<bool>(alive_), name] {
    if (alive.lock() != nullptr) parts_.ledger.drained(kTypeUrl, name);
  });
}

void ListenerManager::settle_first() {
  bool waits = std::any_of(entries_.begin(), entries_.end(),
                           [](const auto& entry) { return entry.second.init != nullptr; });
  if (!first_answer_ || waits || !initialized_) return;
  std::exchange(initialized_, nullptr)();
}

void ListenerManager::show_warming() {
  auto count = std::count_if(entries_.begin(), entries_.end(),
                             [](const auto& entry) { return entry.second.init != nullptr; });
  stats_.total_listeners_warming.set(count);
}

}  // namespace outrigger::xds
