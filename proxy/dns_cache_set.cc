#include "proxy/dns_cache_set.h"

#include <utility>

#include "boost/asio/post.hpp"
#include "fmt/format.h"

namespace outrigger {

DnsCacheSet::DnsCacheSet(Parts parts)
    : parts_(std::move(parts)), alarms_(parts_.io), random_(std::random_device()()) {}

// Configurations may keep the caches for longer than there is anybody to ask.
DnsCacheSet::~DnsCacheSet() {
  for (auto& [name, entry] : caches_) entry.cache->stop();
}

absl::StatusOr<DnsCachePtr> DnsCacheSet::get(const config::DnsCacheConfig& config) {
  auto at = caches_.find(config.name);
  if (at != caches_.end()) {
    if (at->second.cache->config() == config) return DnsCachePtr(at->second.cache);
    return absl::InvalidArgumentError(
        fmt::format("name: the DNS cache '{}' is there with other settings", config.name));
  }
  auto made = make(config);
  if (!made.ok()) return made.status();
  caches_[config.name].cache = *made;
  // Not before the workers are there to be told.
  boost::asio::post(parts_.io, [cache = *made] { cache->start(); });
  return DnsCachePtr(*made);
}

absl::StatusOr<std::shared_ptr<dns::HostCache>> DnsCacheSet::make(
    const config::DnsCacheConfig& config) {
  auto resolver = parts_.resolver(config.resolver);
  if (!resolver.ok()) return resolver.status();
  std::string prefix = fmt::format("dns_cache.{}.", config.name);
  dns::HostCache::Parts parts{
      config,
      **resolver,
      alarms_,
      [] { return std::chrono::steady_clock::now(); },
      [this] { return random_(); },
      parts_.workers,
      parts_.on_worker,
      [&io = parts_.io](Task task) { boost::asio::post(io, std::move(task)); },
      parts_.stats.scope<DnsCacheStats>(prefix),
      parts_.stats.scope<DnsCacheBreakerStats>(prefix + "circuit_breakers."),
      [this, name = config.name] { on_changed(name); }};
  return std::make_shared<dns::HostCache>(std::move(parts));
}

void DnsCacheSet::on_changed(const std::string& name) {
  if (std::exchange(caches_[name].change_posted, true)) return;
  boost::asio::post(parts_.io, [this, name] {
    Entry& entry = caches_[name];
    entry.change_posted = false;
    parts_.changed(entry.cache);
  });
}

}  // namespace outrigger
