#include "proxy/dns/host_view.h"

#include <algorithm>
#include <utility>

namespace outrigger::dns {
namespace {

absl::string_view to_absl(std::string_view text) {
  return {text.data(), text.size()};
}

bool take_out(std::vector<DnsWaiter*>& waiters, DnsWaiter& waiter) {
  auto at = std::find(waiters.begin(), waiters.end(), &waiter);
  if (at == waiters.end()) return false;
  waiters.erase(at);
  return true;
}

}  // namespace

bool PendingRequests::try_take() {
  uint32_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used >= limit_) return false;
  } while (!used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
  note();
  return true;
}

void PendingRequests::give() {
  used_.fetch_sub(1, std::memory_order_relaxed);
  note();
}

// Whoever changes the count last looks once more after it wrote, so that the gauges end with what
// is true.
void PendingRequests::note() {
  uint32_t now;
  do {
    now = used();
    stats_.rq_pending_open.set(now >= limit_ ? 1 : 0);
    stats_.rq_pending_remaining.set(limit_ > now ? limit_ - now : 0);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  } while (now != used());
}

CachedHostPtr HostView::find(std::string_view key) const {
  auto at = hosts_.find(to_absl(key));
  return at == hosts_.end() ? nullptr : at->second;
}

bool HostView::waits_for(std::string_view key) const {
  return waiters_.contains(to_absl(key));
}

// An empty list means as much: the question is on its way, and the answer takes the list.
bool HostView::add(std::string_view key, DnsWaiter& waiter) {
  auto [at, first] = waiters_.try_emplace(to_absl(key));
  at->second.push_back(&waiter);
  return first;
}

void HostView::remove(DnsWaiter& waiter) {
  bool found = take_out(telling_, waiter);
  for (auto at = waiters_.begin(); !found && at != waiters_.end(); ++at)
    found = take_out(at->second, waiter);
  if (found) pending_.give();
}

void HostView::unwatch(DnsWatcher& watcher) {
  watchers_.erase(std::remove(watchers_.begin(), watchers_.end(), &watcher), watchers_.end());
}

void HostView::set(const CachedHostPtr& host) {
  hosts_[host->key] = host;
  for (DnsWatcher* watcher : watchers_) watcher->on_dns_change(host);
  tell(host->key, host);
}

void HostView::erase(const std::string& key) {
  hosts_.erase(key);
  for (DnsWatcher* watcher : watchers_) watcher->on_dns_removed(key);
}

void HostView::tell(std::string_view key, const CachedHostPtr& host) {
  auto at = waiters_.find(to_absl(key));
  if (at == waiters_.end()) return;
  telling_ = std::move(at->second);
  waiters_.erase(at);
  std::reverse(telling_.begin(), telling_.end());  // in the order in which they came
  while (!telling_.empty()) {
    DnsWaiter* waiter = telling_.back();
    telling_.pop_back();
    pending_.give();
    waiter->on_dns_host(host);
  }
}

}  // namespace outrigger::dns
