// HostView: what ONE thread knows of a DNS cache: its hosts, who waits for one, who is to hear of
// changes. Thread: that thread. PendingRequests: how many wait, on all threads. Thread: any.
// Lifetime: their cache's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "api/dns_cache.h"
#include "api/stats_dns.h"

namespace outrigger::dns {

class PendingRequests {
 public:
  PendingRequests(uint32_t limit, DnsCacheBreakerStats& stats) : limit_(limit), stats_(stats) {
    note();
  }
  // False: too many wait already.
  bool try_take();
  void give();
  uint32_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  void note();

  std::atomic<uint32_t> used_{0};
  const uint32_t limit_;
  DnsCacheBreakerStats& stats_;  // one shard for all threads: it tells a state and is no sum
};

class HostView {
 public:
  explicit HostView(PendingRequests& pending) : pending_(pending) {}

  // nullptr: nothing is known.
  CachedHostPtr find(std::string_view key) const;
  bool waits_for(std::string_view key) const;
  // The waiter counts as pending already. True: nobody has asked for this host yet.
  bool add(std::string_view key, DnsWaiter& waiter);
  void remove(DnsWaiter& waiter);
  void watch(DnsWatcher& watcher) { watchers_.push_back(&watcher); }
  void unwatch(DnsWatcher& watcher);

  // The host is known now, or is another than before.
  void set(const CachedHostPtr& host);
  // There is no room for it.
  void refuse(std::string_view key) { tell(key, nullptr); }
  void erase(const std::string& key);

 private:
  void tell(std::string_view key, const CachedHostPtr& host);

  PendingRequests& pending_;
  absl::flat_hash_map<std::string, CachedHostPtr> hosts_;
  absl::flat_hash_map<std::string, std::vector<DnsWaiter*>> waiters_;
  std::vector<DnsWaiter*> telling_;  // one that is told may end the others
  std::vector<DnsWatcher*> watchers_;
};

}  // namespace outrigger::dns
