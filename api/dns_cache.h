// DnsCache: the hosts that requests name, and their addresses, for dynamic forward proxies. The
// clusters and filters that name the same cache share it. Each thread has a view of its own, which
// it reads without a lock; the main thread asks DNS and tells all of them. Thread: as each call
// says. Lifetime: DnsCaches', the server's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_proxy
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/config/cluster.h"
#include "api/config/dns_cache.h"
#include "api/stream_info.h"

namespace outrigger {

// A host as caches know it: "example.com:443", "[::1]:80". Lower case, always with a port. What
// cannot be a host name is refused here: the text comes from clients.
class DnsHostKey {
 public:
  // `authority` may have a port of its own; an IPv6 address may stand without its brackets.
  static std::optional<DnsHostKey> parse(std::string_view authority, uint16_t default_port);
  std::string_view text() const { return {text_.data(), size_}; }
  std::string_view name() const { return {text_.data() + name_begin_, name_size_}; }
  uint16_t port() const { return port_; }

 private:
  static constexpr size_t kMaxName = 254;  // RFC 1035: 253 octets, and a dot behind them
  void append(std::string_view part);

  std::array<char, kMaxName + 8> text_;
  uint16_t size_ = 0;
  uint16_t name_begin_ = 0;
  uint16_t name_size_ = 0;
  uint16_t port_ = 0;
};

// When a host was used last, by any thread. Written ten times a second at most, so that workers do
// not contend for it.
class LastUse {
 public:
  explicit LastUse(MonotonicTime now) : at_(now.time_since_epoch().count()) {}
  void note(MonotonicTime now) {
    constexpr auto kGrain = std::chrono::milliseconds(100);
    if (now - at() > kGrain) at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  MonotonicTime at() const {
    return MonotonicTime(MonotonicTime::duration(at_.load(std::memory_order_relaxed)));
  }

 private:
  std::atomic<MonotonicTime::rep> at_;
};

// What is known of one host; another object when that changes.
struct CachedHost {
  std::string key;               // DnsHostKey
  config::EndpointPtr endpoint;  // nullptr: it has no address
  std::string details;           // why not: of %RESPONSE_CODE_DETAILS%
  bool failed = false;           // DNS did not answer the last time
  std::shared_ptr<LastUse> used;
};
using CachedHostPtr = std::shared_ptr<const CachedHost>;

// Who waits for a host. On its own thread.
class DnsWaiter {
 public:
  // Once. nullptr: there was no room for it.
  virtual void on_dns_host(const CachedHostPtr& host) = 0;

 protected:
  ~DnsWaiter() = default;
};

// Who keeps something for hosts that it found. On its own thread.
class DnsWatcher {
 public:
  // The host has another address.
  virtual void on_dns_change(const CachedHostPtr& host) = 0;
  // It was given up.
  virtual void on_dns_removed(const std::string& key) = 0;

 protected:
  ~DnsWatcher() = default;
};

class DnsCache {
 public:
  enum class Asked : uint8_t {
    waiting,
    no_room,           // max_hosts
    too_many_pending,  // max_pending_requests
  };
  virtual ~DnsCache() = default;
  virtual const config::DnsCacheConfig& config() const = 0;

  // Of the calling thread's view. `worker` is its number, or StatsScope::kMainThread.
  // nullptr: nothing is known (yet).
  virtual CachedHostPtr find(unsigned worker, std::string_view key) = 0;
  // Of a host that find() did not find, or that is_stale(). `waiting`: the waiter is called, never
  // from inside the call, unless it is cancelled.
  virtual Asked ask(unsigned worker, const DnsHostKey& key, DnsWaiter& waiter) = 0;
  virtual void cancel(unsigned worker, DnsWaiter& waiter) = 0;
  virtual void watch(unsigned worker, DnsWatcher& watcher) = 0;
  virtual void unwatch(unsigned worker, DnsWatcher& watcher) = 0;
  // To be asked for again before it is used.
  bool is_stale(const CachedHost& host) const {
    return host.failed && !config().refresh_after_failure;
  }

  // Main thread: the hosts that have an address.
  virtual std::shared_ptr<const config::EndpointSet> endpoints() const = 0;
};
using DnsCachePtr = std::shared_ptr<DnsCache>;

// The caches of the process, by name. Thread: main.
class DnsCaches {
 public:
  virtual ~DnsCaches() = default;
  // An error: another configuration has the name.
  virtual absl::StatusOr<DnsCachePtr> get(const config::DnsCacheConfig& config) = 0;
};

}  // namespace outrigger
