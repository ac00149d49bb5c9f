#include "proxy/listener_set.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "fmt/format.h"

#include "proxy/runtime/log.h"

namespace outrigger {

using namespace std::chrono_literals;
using net::DrainPace;
using net::Listener;
using net::WorkerListeners;

namespace {

// How often the main thread asks whether the last connection of a listener is gone.
constexpr auto kLook = 50ms;

}  // namespace

// One version of a listener, as all workers have it; its chains may change in place.
struct ListenerSet::Generation {
  config::ListenerPtr config;
  std::shared_ptr<net::ListenerShare> share;
  net::ChainSetPtr chains;
  std::shared_ptr<net::ListenSockets> sockets;  // nullptr: it has none, or it has stopped
  std::vector<net::Address> bound;              // stays when the sockets are closed
};

ListenerSet::ListenerSet(ListenerSetParts parts)
    : parts_(parts),
      scope_(parts.stats.scope<ListenerManagerStats>("listener_manager.")),
      stats_(scope_->local<ListenerManagerStats>(StatsScope::kMainThread)),
      endings_timer_(parts.io) {
  show_counts();
}

ListenerSet::~ListenerSet() = default;

void ListenerSet::command(const std::function<void(WorkerListeners&)>& what) {
  *commands_ += parts_.workers.size();
  for (auto& worker : parts_.workers) {
    worker->command_listeners([what, left = commands_](WorkerListeners& listeners) {
      what(listeners);
      *left -= 1;
    });
  }
}

ListenerSet::Entry* ListenerSet::find(const std::string& name) {
  auto at = std::find_if(entries_.begin(), entries_.end(),
                         [&](const Entry& entry) { return entry.name == name; });
  return at == entries_.end() ? nullptr : &*at;
}

ListenerSet::Entry& ListenerSet::entry(const std::string& name) {
  if (Entry* found = find(name)) return *found;
  return entries_.emplace_back(Entry{name, nullptr, nullptr});
}

bool ListenerSet::stopped(const config::Listener& listener) const {
  return std::any_of(stopped_.begin(), stopped_.end(),
                     [&](const Choice& chosen) { return chosen(listener); });
}

// The sockets of a listener that is in force or warm and has the same. Another name's: only if the
// port is given, for else it is another one each time.
std::shared_ptr<net::ListenSockets> ListenerSet::sockets_in_place(
    const config::Listener& listener) const {
  bool any_port = std::any_of(
      listener.addresses.begin(), listener.addresses.end(),
      [](const auto& listen) { return listen.address.is_ip() && listen.address.port() == 0; });
  for (const Entry& entry : entries_) {
    if (any_port && entry.name != listener.name) continue;
    for (const GenerationPtr& one : {entry.active, entry.warming}) {
      if (one != nullptr && one->sockets != nullptr && one->sockets->fit(listener))
        return one->sockets;
    }
  }
  return nullptr;
}

absl::StatusOr<ListenerSet::GenerationPtr> ListenerSet::prepare(
    const config::ListenerPtr& listener) {
  auto out = std::make_shared<Generation>();
  out->config = listener;
  if (listener->bind_to_port && !listener->internal && !stopped(*listener)) {
    out->sockets = sockets_in_place(*listener);
    if (out->sockets == nullptr) {
      auto sockets = net::ListenSockets::bind(
          *listener, static_cast<unsigned>(parts_.workers.size()), parts_.inherited);
      if (!sockets.ok()) {
        stats_.listener_create_failure.inc();
        return sockets.status();
      }
      out->sockets = *std::move(sockets);
    }
    out->bound = out->sockets->addresses();
  } else {
    for (const auto& listen : listener->addresses) out->bound.push_back(listen.address);
  }
  out->share = std::make_shared<net::ListenerShare>(
      *listener, static_cast<unsigned>(parts_.workers.size()), parts_.connections);
  out->chains = std::make_shared<const net::ChainSet>(*listener);
  return out;
}

bool ListenerSet::in_place(const Generation& active, const config::Listener& next) const {
  return !next.shape.empty() && next.shape == active.config->shape;
}

absl::Status ListenerSet::warm(const config::ListenerPtr& listener) {
  Entry* known = find(listener->name);
  if (known != nullptr) known->warming = nullptr;
  if (known != nullptr && known->active != nullptr && in_place(*known->active, *listener))
    return absl::OkStatus();
  auto prepared = prepare(listener);
  if (!prepared.ok()) return prepared.status();
  entry(listener->name).warming = *std::move(prepared);
  return absl::OkStatus();
}

void ListenerSet::abandon(const std::string& name) {
  Entry* known = find(name);
  if (known == nullptr) return;
  known->warming = nullptr;
  if (known->active == nullptr)
    std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
}

absl::Status ListenerSet::set(const config::ListenerPtr& listener) {
  Entry* known = find(listener->name);
  if (known != nullptr && known->active != nullptr && in_place(*known->active, *listener)) {
    known->warming = nullptr;
    update_in_place(*known->active, listener);
    return absl::OkStatus();
  }
  GenerationPtr next = known == nullptr ? nullptr : known->warming;
  if (next == nullptr || next->config != listener) {
    auto prepared = prepare(listener);
    if (!prepared.ok()) return prepared.status();
    next = *std::move(prepared);
  }
  if (next->sockets != nullptr) {
    if (absl::Status status = next->sockets->listen(*listener); !status.ok()) return status;
  }
  Entry& place = entry(listener->name);
  place.warming = nullptr;
  GenerationPtr last = std::exchange(place.active, next);
  bool same_sockets = last != nullptr && last->sockets == next->sockets;
  // The sockets' next user begins before the last one ends; where they are others, so that the
  // address answers all the time.
  start(*next);
  if (last != nullptr)
    end(std::move(last), same_sockets ? Listener::Waiting::left_over : Listener::Waiting::taken,
        {});
  show_counts();
  return absl::OkStatus();
}

void ListenerSet::start(const Generation& generation) {
  if (stopped(*generation.config)) return;
  command([share = generation.share, chains = generation.chains, sockets = generation.sockets](
              WorkerListeners& listeners) { listeners.add(share, chains, sockets.get()); });
  stats_.listener_create_success.add(parts_.workers.size());
}

void ListenerSet::update_in_place(Generation& active, const config::ListenerPtr& next) {
  auto chains = std::make_shared<const net::ChainSet>(*next);
  size_t gone = 0;
  for (const config::FilterChainPtr& chain : active.chains->chains) {
    if (std::find(chains->chains.begin(), chains->chains.end(), chain) == chains->chains.end())
      ++gone;
  }
  config::ListenerPtr last = std::exchange(active.config, next);
  active.chains = chains;
  auto left = std::make_shared<std::atomic<size_t>>(parts_.workers.size());
  command([share = active.share, chains, time = parts_.drain_time, left](WorkerListeners& all) {
    all.set_chains(share, chains, time, [left] { *left -= 1; });
  });
  stats_.listener_in_place_updated.inc();
  stats_.listener_create_success.add(parts_.workers.size());
  if (gone > 0) ending_chains_.push_back({std::move(left), gone, std::move(last), active.share});
  show_counts();
  await_endings();
}

void ListenerSet::remove(const std::string& name, std::function<void()> drained) {
  Entry* known = find(name);
  GenerationPtr last = known == nullptr ? nullptr : known->active;
  std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
  if (last == nullptr) {
    if (drained) drained();
    return;
  }
  // A listener of another name may have taken the sockets over.
  bool passed_on = last->sockets.use_count() > 1;
  end(std::move(last), passed_on ? Listener::Waiting::left_over : Listener::Waiting::taken,
      std::move(drained));
  show_counts();
}

void ListenerSet::end(GenerationPtr generation, Listener::Waiting waiting,
                      std::function<void()> drained) {
  command([share = generation->share, waiting](WorkerListeners& listeners) {
    listeners.stop(share, waiting);
    listeners.drain(share, DrainPace::strategic);
  });
  // The workers' copies are the last: what waits in their queues is not lost meanwhile.
  generation->sockets = nullptr;
  auto deadline = std::chrono::steady_clock::now() + parts_.drain_time;
  endings_.push_back({std::move(generation), deadline, std::move(drained), false});
  await_endings();
}

void ListenerSet::await_endings() {
  if (awaiting_ || (endings_.empty() && ending_chains_.empty() && retired_.empty())) return;
  awaiting_ = true;
  endings_timer_.expires_after(kLook);
  endings_timer_.async_wait([this](const boost::system::error_code& error) {
    awaiting_ = false;
    if (error) return;
    look_at_endings();
    await_endings();
  });
}

void ListenerSet::look_at_endings() {
  auto now = std::chrono::steady_clock::now();
  std::vector<std::function<void()>> drained;
  if (*commands_ == 0) retired_.clear();
  for (Ending& ending : endings_) {
    const auto& share = ending.generation->share;
    if (now >= ending.deadline && !std::exchange(ending.cut, true))
      command([share](WorkerListeners& all) { all.close_all(share); });
    if (*commands_ > 0 || share->open_connections() > 0) continue;
    command([share](WorkerListeners& all) { all.remove(share); });
    retired_.push_back(ending.generation->config);
    if (ending.drained) drained.push_back(std::move(ending.drained));
    ending.generation = nullptr;
  }
  std::erase_if(endings_, [](const Ending& ending) { return ending.generation == nullptr; });
  std::erase_if(ending_chains_, [this](EndingChains& one) {
    if (*one.workers_left > 0 && !one.share.expired()) return false;
    retired_.push_back(std::move(one.config));
    return true;
  });
  show_counts();
  for (auto& call : drained) call();  // may change the set
}

void ListenerSet::stop(const Choice& chosen) {
  stopped_.push_back(chosen);
  for (Entry& entry : entries_) {
    if (entry.active == nullptr || !chosen(*entry.active->config)) continue;
    command([share = entry.active->share](WorkerListeners& listeners) {
      listeners.stop(share, Listener::Waiting::taken);
    });
    entry.active->sockets = nullptr;
    stats_.listener_stopped.inc();
  }
}

void ListenerSet::resume() {
  std::vector<Choice> were = std::exchange(stopped_, {});
  for (Entry& entry : entries_) {
    bool stopped = entry.active != nullptr &&
                   std::any_of(were.begin(), were.end(),
                               [&](const Choice& chosen) { return chosen(*entry.active->config); });
    if (!stopped) continue;
    auto next = prepare(entry.active->config);
    absl::Status status = next.status();
    if (status.ok() && (*next)->sockets != nullptr)
      status = (*next)->sockets->listen(*entry.active->config);
    if (!status.ok()) {
      OUTRIGGER_LOG(main, error, "listener {} cannot accept again: {}", entry.name,
                    std::string(status.message()));
      continue;
    }
    GenerationPtr last = std::exchange(entry.active, *std::move(next));
    start(*entry.active);
    end(std::move(last), Listener::Waiting::left_over, {});
  }
  show_counts();
}

void ListenerSet::drain(const Choice& chosen, DrainPace pace) {
  auto tell = [this, pace](const GenerationPtr& generation) {
    command([share = generation->share, pace](WorkerListeners& listeners) {
      listeners.drain(share, pace);
    });
  };
  for (const Entry& entry : entries_) {
    if (entry.active != nullptr && chosen(*entry.active->config)) tell(entry.active);
  }
  for (const Ending& ending : endings_) {
    if (chosen(*ending.generation->config)) tell(ending.generation);
  }
}

size_t ListenerSet::open_connections() const {
  return static_cast<size_t>(std::max<int64_t>(parts_.connections.total(), 0));
}

std::vector<admin::ListenerStatus> ListenerSet::status() const {
  std::vector<admin::ListenerStatus> all;
  for (const Entry& entry : entries_) {
    if (entry.active == nullptr) continue;
    admin::ListenerStatus& status = all.emplace_back();
    status.config = entry.active->config;
    const std::vector<net::Address>& bound = entry.active->bound;
    if (bound.empty()) continue;
    status.bound = bound.front();
    status.bound_additional.assign(bound.begin() + 1, bound.end());
  }
  return all;
}

std::vector<config::ListenerPtr> ListenerSet::listeners() const {
  std::vector<config::ListenerPtr> all;
  for (const Entry& entry : entries_) {
    if (entry.active != nullptr) all.push_back(entry.active->config);
  }
  return all;
}

std::vector<std::shared_ptr<const net::ListenSockets>> ListenerSet::sockets() const {
  std::vector<std::shared_ptr<const net::ListenSockets>> all;
  for (const Entry& entry : entries_) {
    for (const GenerationPtr& one : {entry.active, entry.warming}) {
      if (one != nullptr && one->sockets != nullptr) all.push_back(one->sockets);
    }
  }
  return all;
}

void ListenerSet::show_counts() {
  size_t chains = 0;
  for (const EndingChains& one : ending_chains_) chains += one.chains;
  stats_.total_filter_chains_draining.set(static_cast<int64_t>(chains));
  stats_.total_listeners_draining.set(static_cast<int64_t>(endings_.size()));
  auto active = std::count_if(entries_.begin(), entries_.end(),
                              [](const Entry& entry) { return entry.active != nullptr; });
  stats_.total_listeners_active.set(active);
}

}  // namespace outrigger
