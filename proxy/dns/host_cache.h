// HostCache: a DnsCache: asks DNS for hosts that requests name, again and again while they are in
// use, and tells every thread's view. States of a host: asked -> known -> asked again .. -> given
// up; what once had an address keeps it when DNS fails. Thread: main, but for the calls of DnsCache
// that are a worker's. Lifetime: as long as a configuration names it; until stop() the resolver,
// the alarms and the threads that it tells are there.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/dns_cache.h"
#include "api/stats_dns.h"
#include "proxy/dns/host_view.h"
#include "proxy/dns/resolver.h"

namespace outrigger::dns {

class HostCache final : public DnsCache {
 public:
  using Task = std::function<void()>;
  struct Parts {
    config::DnsCacheConfig config;
    Resolver& resolver;
    Alarms& alarms;
    std::function<MonotonicTime()> now;
    std::function<uint64_t()> random;
    unsigned workers;  // each has a view, and so has the main thread
    std::function<void(unsigned worker, Task task)> on_worker;  // runs it there; never at once
    std::function<void(Task task)> on_main;                     // as well
    StatsScopePtr stats;                                        // DnsCacheStats
    StatsScopePtr breaker_stats;                                // DnsCacheBreakerStats
    std::function<void()> changed = {};  // hosts with an address came, went or moved
  };
  explicit HostCache(Parts parts);
  ~HostCache() override;
  HostCache(const HostCache&) = delete;
  HostCache& operator=(const HostCache&) = delete;

  // Asks for the hosts that are to be known before anybody names them.
  void start();
  // Asks for nothing any more.
  void stop() { hosts_.clear(); }
  // The hosts that there are, and those that are asked for.
  size_t host_count() const { return hosts_.size(); }

  // DnsCache
  const config::DnsCacheConfig& config() const override { return parts_.config; }
  CachedHostPtr find(unsigned worker, std::string_view key) override {
    return view(worker).find(key);
  }
  Asked ask(unsigned worker, const DnsHostKey& key, DnsWaiter& waiter) override;
  void cancel(unsigned worker, DnsWaiter& waiter) override { view(worker).remove(waiter); }
  void watch(unsigned worker, DnsWatcher& watcher) override { view(worker).watch(watcher); }
  void unwatch(unsigned worker, DnsWatcher& watcher) override { view(worker).unwatch(watcher); }
  std::shared_ptr<const config::EndpointSet> endpoints() const override;

 private:
  struct Entry {
    std::string key;
    std::string name;  // what DNS is asked for, or an IP address
    uint16_t port = 0;
    CachedHostPtr known;  // nullptr: the first answer is not there yet
    std::shared_ptr<LastUse> used;
    std::unique_ptr<Query> query;  // nullptr: it is not asked for now
    std::unique_ptr<Alarm> too_late;
    std::unique_ptr<Alarm> next;
    MonotonicTime refresh_at{};
    std::chrono::milliseconds backoff{0};  // 0: the last answer was good
    bool awaited = false;                  // somebody wants to hear of the answer, whatever it says
  };

  HostView& view(unsigned worker) {
    return *views_[worker < parts_.workers ? worker : parts_.workers];
  }
  DnsCacheStats& stats(unsigned worker) { return parts_.stats->local<DnsCacheStats>(worker); }
  void tell(unsigned worker, const std::function<void(HostView&)>& act);
  void tell_all(const std::function<void(HostView&)>& act);
  void load(unsigned worker, const DnsHostKey& key);
  Entry* add(const DnsHostKey& key);
  bool make_room();
  void note_room();
  void look_up(Entry& entry);
  void take_literal(Entry& entry, const net::Address& address);
  void on_too_late(Entry& entry);
  // `why_not`: why there are no records.
  void on_answer(Entry& entry, const Answer& answer, std::string why_not);
  config::EndpointPtr endpoint_of(const Entry& entry, const std::vector<net::Address>& addresses);
  void publish(Entry& entry, config::EndpointPtr endpoint, std::string details, bool failed);
  std::chrono::milliseconds delay_after(Entry& entry, const Answer& answer);
  void wait(Entry& entry, std::chrono::milliseconds delay);
  void on_wake(Entry& entry);
  void give_up(Entry& entry);

  Parts parts_;
  DnsCacheStats& stats_;
  PendingRequests pending_;
  std::vector<std::unique_ptr<HostView>> views_;  // the workers', then the main thread's
  std::map<std::string, std::unique_ptr<Entry>> hosts_;
  size_t without_address_ = 0;     // of hosts_, those that DNS knows no address of
  std::atomic<bool> full_{false};  // no further host can be taken in
};

}  // namespace outrigger::dns
