// FakeDnsCache: a DNS cache of one thread whose answers the test gives.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/dns_cache.h"
#include "api/stats_cluster.h"

namespace outrigger::test {

class FakeDnsCache final : public DnsCache {
 public:
  // What the test sets.
  config::DnsCacheConfig settings;
  Asked verdict = Asked::waiting;
  MonotonicTime time{std::chrono::hours(1)};

  // What was asked for, and by whom.
  std::vector<std::string> asked;
  std::vector<std::pair<std::string, DnsWaiter*>> waiters;
  std::vector<DnsWatcher*> watchers;
  unsigned cancelled = 0;

  // `addresses` empty: there is none, and `details` says why.
  CachedHostPtr know(const std::string& key, const std::vector<const char*>& addresses,
                     const std::string& details = "", bool failed = false) {
    auto host = std::make_shared<CachedHost>();
    host->key = key;
    host->details = details;
    host->failed = failed;
    host->used = std::make_shared<LastUse>(time);
    if (!addresses.empty()) host->endpoint = endpoint(key, addresses);
    hosts_[key] = host;
    for (DnsWatcher* watcher : watchers) watcher->on_dns_change(host);
    return host;
  }
  void forget(const std::string& key) {
    hosts_.erase(key);
    for (DnsWatcher* watcher : watchers) watcher->on_dns_removed(key);
  }
  // Everybody who waits hears of it. nullptr: there is no room.
  void answer(const CachedHostPtr& host) {
    for (auto& [key, waiter] : std::exchange(waiters, {})) waiter->on_dns_host(host);
  }

  const config::DnsCacheConfig& config() const override { return settings; }
  CachedHostPtr find(unsigned, std::string_view key) override {
    auto at = hosts_.find(key);
    return at == hosts_.end() ? nullptr : at->second;
  }
  Asked ask(unsigned, const DnsHostKey& key, DnsWaiter& waiter) override {
    asked.emplace_back(key.text());
    if (verdict == Asked::waiting) waiters.emplace_back(key.text(), &waiter);
    return verdict;
  }
  void cancel(unsigned, DnsWaiter& waiter) override {
    ++cancelled;
    std::erase_if(waiters, [&](const auto& other) { return other.second == &waiter; });
  }
  void watch(unsigned, DnsWatcher& watcher) override { watchers.push_back(&watcher); }
  void unwatch(unsigned, DnsWatcher& watcher) override { std::erase(watchers, &watcher); }
  std::shared_ptr<const config::EndpointSet> endpoints() const override {
    return std::make_shared<config::EndpointSet>();
  }

 private:
  config::EndpointPtr endpoint(const std::string& key, const std::vector<const char*>& addresses) {
    auto made = std::make_shared<config::Endpoint>();
    uint16_t port = DnsHostKey::parse(key, 0)->port();
    for (const char* ip : addresses) {
      net::Address address = *net::Address::from_ip(ip, port);
      if (made->address.valid()) {
        made->additional_addresses.push_back(address);
      } else {
        made->address = address;
      }
    }
    made->hostname = key;
    auto before = hosts_.find(key);
    bool known = before != hosts_.end() && before->second->endpoint != nullptr;
    made->stats =
        known ? before->second->endpoint->stats
              : std::make_shared<StatsScope>("", "", std::vector<StatTag>(), HostStats::layout());
    return made;
  }
  std::map<std::string, CachedHostPtr, std::less<>> hosts_;
};

}  // namespace outrigger::test
