#include "proxy/dns/host_cache.h"

#include <algorithm>
#include <utility>

#include "api/stats_cluster.h"
#include "proxy/runtime/log.h"

namespace outrigger::dns {

using std::chrono::milliseconds;

namespace {

constexpr unsigned kMain = StatsScope::kMainThread;
constexpr unsigned kSharedShard = 0;  // of statistics that tell a state, and are no sums

// As %RESPONSE_CODE_DETAILS% has it: no spaces.
std::string why_not(const Answer& answer) {
  if (!answer.records.empty()) return {};
  std::string text = answer.ok ? "cares_norecords:" : "cares_failure:";
  text += answer.error;
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

bool is_wanted(const net::Address& address, Family family) {
  if (family == Family::v4_only) return address.family() == AF_INET;
  return family != Family::v6_only || address.family() == AF_INET6;
}

std::vector<net::Address> addresses_of(const Answer& answer, uint16_t port) {
  std::vector<net::Address> out;
  for (const Record& record : answer.records) {
    net::Address address = record.address.with_port(port);
    if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
  }
  return out;
}

bool has_addresses(const config::Endpoint& endpoint, const std::vector<net::Address>& addresses) {
  return endpoint.address == addresses.front() &&
         std::equal(endpoint.additional_addresses.begin(), endpoint.additional_addresses.end(),
                    addresses.begin() + 1, addresses.end());
}

}  // namespace

HostCache::HostCache(Parts parts)
    : parts_(std::move(parts)),
      stats_(stats(kMain)),
      pending_(parts_.config.max_pending_requests,
               parts_.breaker_stats->local<DnsCacheBreakerStats>(kSharedShard)) {
  for (unsigned i = 0; i <= parts_.workers; ++i)
    views_.push_back(std::make_unique<HostView>(pending_));
}

HostCache::~HostCache() = default;

void HostCache::start() {
  for (const std::string& host : parts_.config.preresolved) {
    std::optional<DnsHostKey> key = DnsHostKey::parse(host, 0);
    if (key) load(kMain, *key);
  }
}

DnsCache::Asked HostCache::ask(unsigned worker, const DnsHostKey& key, DnsWaiter& waiter) {
  HostView& own = view(worker);
  bool known = own.waits_for(key.text()) || own.find(key.text()) != nullptr;
  if (!known && full_.load(std::memory_order_relaxed)) {
    stats(worker).host_overflow.inc();
    return Asked::no_room;
  }
  if (!pending_.try_take()) {
    stats(worker).dns_rq_pending_overflow.inc();
    return Asked::too_many_pending;
  }
  if (own.add(key.text(), waiter)) parts_.on_main([this, worker, key] { load(worker, key); });
  return Asked::waiting;
}

void HostCache::tell(unsigned worker, const std::function<void(HostView&)>& act) {
  Task task = [&own = view(worker), act] { act(own); };
  if (worker < parts_.workers) return parts_.on_worker(worker, std::move(task));
  parts_.on_main(std::move(task));
}

void HostCache::tell_all(const std::function<void(HostView&)>& act) {
  for (unsigned i = 0; i <= parts_.workers; ++i) tell(i, act);
}

// Some thread asks for it. Another may have done so before, and the answer may be on its way.
void HostCache::load(unsigned worker, const DnsHostKey& key) {
  auto at = hosts_.find(std::string(key.text()));
  if (at == hosts_.end()) {
    Entry* entry = add(key);
    if (entry == nullptr) {
      stats_.host_overflow.inc();
      return tell(worker, [text = std::string(key.text())](HostView& own) { own.refuse(text); });
    }
    return look_up(*entry);
  }
  Entry& entry = *at->second;
  entry.awaited = true;
  if (entry.query != nullptr) return;
  if (is_stale(*entry.known)) return look_up(entry);
  entry.awaited = false;
  tell(worker, [known = entry.known](HostView& own) { own.set(known); });
}

HostCache::Entry* HostCache::add(const DnsHostKey& key) {
  if (hosts_.size() >= parts_.config.max_hosts && !make_room()) return nullptr;
  auto entry = std::make_unique<Entry>();
  entry->key = key.text();
  entry->name = key.name();
  entry->port = key.port();
  entry->used = std::make_shared<LastUse>(parts_.now());
  entry->awaited = true;
  stats_.host_added.inc();
  Entry* added = entry.get();
  hosts_.emplace(entry->key, std::move(entry));
  stats_.num_hosts.set(static_cast<int64_t>(hosts_.size()));
  note_room();
  return added;
}

// Names that do not exist must not keep out those that do.
bool HostCache::make_room() {
  Entry* oldest = nullptr;
  for (auto& [key, entry] : hosts_) {
    bool useless =
        entry->query == nullptr && entry->known != nullptr && entry->known->endpoint == nullptr;
    if (useless && (oldest == nullptr || entry->used->at() < oldest->used->at()))
      oldest = entry.get();
  }
  if (oldest == nullptr) return false;
  give_up(*oldest);
  return true;
}

void HostCache::note_room() {
  full_.store(hosts_.size() >= parts_.config.max_hosts && without_address_ == 0,
              std::memory_order_relaxed);
}

void HostCache::look_up(Entry& entry) {
  stats_.dns_query_attempt.inc();
  entry.next.reset();
  auto literal = net::Address::from_ip(entry.name, entry.port);
  if (literal && is_wanted(*literal, parts_.config.family)) return take_literal(entry, *literal);
  if (parts_.config.query_timeout.count() > 0)
    entry.too_late =
        parts_.alarms.after(parts_.config.query_timeout, [this, &entry] { on_too_late(entry); });
  entry.query = parts_.resolver.resolve(
      entry.name, parts_.config.family,
      [this, &entry](const Answer& answer) { on_answer(entry, answer, why_not(answer)); });
}

// Nobody needs to be asked for it.
void HostCache::take_literal(Entry& entry, const net::Address& address) {
  stats_.dns_query_success.inc();
  if (entry.known == nullptr) {
    stats_.host_address_changed.inc();
    publish(entry, endpoint_of(entry, {address}), {}, false);
  }
  wait(entry, parts_.config.host_ttl);
}

void HostCache::on_too_late(Entry& entry) {
  stats_.dns_query_timeout.inc();
  entry.query.reset();
  on_answer(entry, Answer(), "resolve_timeout");
}

void HostCache::on_answer(Entry& entry, const Answer& answer, std::string why_not) {
  entry.query.reset();
  entry.too_late.reset();
  (answer.ok ? stats_.dns_query_success : stats_.dns_query_failure).inc();
  // Clients choose the names: at a level that is usually on they would fill the log.
  if (!why_not.empty())
    OUTRIGGER_LOG(upstream, debug, "DNS cache {}: look-up of {}: {}", parts_.config.name,
                  entry.name, why_not);
  config::EndpointPtr before = entry.known == nullptr ? nullptr : entry.known->endpoint;
  config::EndpointPtr now = before;
  std::vector<net::Address> addresses = addresses_of(answer, entry.port);
  if (!addresses.empty() && (before == nullptr || !has_addresses(*before, addresses))) {
    stats_.host_address_changed.inc();
    now = endpoint_of(entry, addresses);
  }
  bool news = now != before || entry.known == nullptr || entry.known->failed == answer.ok;
  if (now != nullptr) why_not.clear();
  if (news || entry.awaited) publish(entry, std::move(now), std::move(why_not), !answer.ok);
  wait(entry, delay_after(entry, answer));
}

// Statistics stay with the host, whatever its address.
config::EndpointPtr HostCache::endpoint_of(const Entry& entry,
                                           const std::vector<net::Address>& addresses) {
  auto made = std::make_shared<config::Endpoint>();
  made->address = addresses.front();
  made->additional_addresses.assign(addresses.begin() + 1, addresses.end());
  made->hostname = entry.key;
  bool had_one = entry.known != nullptr && entry.known->endpoint != nullptr;
  made->stats =
      had_one ? entry.known->endpoint->stats
              : std::make_shared<StatsScope>("", "", std::vector<StatTag>(), HostStats::layout());
  return made;
}

void HostCache::publish(Entry& entry, config::EndpointPtr endpoint, std::string details,
                        bool failed) {
  bool was_without = entry.known != nullptr && entry.known->endpoint == nullptr;
  bool moved = endpoint != (entry.known == nullptr ? nullptr : entry.known->endpoint);
  if (was_without) --without_address_;
  if (endpoint == nullptr) ++without_address_;
  note_room();
  entry.awaited = false;
  entry.known = std::make_shared<CachedHost>(
      CachedHost{entry.key, std::move(endpoint), std::move(details), failed, entry.used});
  tell_all([known = entry.known](HostView& own) { own.set(known); });
  if (moved && parts_.changed) parts_.changed();
}

// As TTLs say, but not all the time; a name without an address at the usual rate. After a failure
// twice as long each time, anywhere within it, so that many do not ask together.
milliseconds HostCache::delay_after(Entry& entry, const Answer& answer) {
  const config::DnsCacheConfig& config = parts_.config;
  if (answer.ok) {
    entry.backoff = milliseconds(0);
    if (answer.records.empty()) return config.refresh_rate;
    return std::max<milliseconds>(config.min_refresh_rate, answer.records.front().ttl);
  }
  if (!config.refresh_after_failure) return config.host_ttl;
  if (config.failure_base == config.failure_max) return config.failure_base;
  entry.backoff = entry.backoff.count() == 0 ? config.failure_base
                                             : std::min(entry.backoff * 2, config.failure_max);
  auto within = static_cast<uint64_t>(entry.backoff.count());
  return milliseconds(std::max<uint64_t>(1, parts_.random() % within));
}

// Whoever answers for a name chooses its TTL: the host is looked at before it ends, so that nobody
// fills the table with names that are asked for once.
void HostCache::wait(Entry& entry, milliseconds delay) {
  entry.refresh_at = parts_.now() + delay;
  entry.next = parts_.alarms.after(std::min(delay, parts_.config.host_ttl),
                                   [this, &entry] { on_wake(entry); });
}

void HostCache::on_wake(Entry& entry) {
  MonotonicTime now = parts_.now();
  if (now - entry.used->at() >= parts_.config.host_ttl) return give_up(entry);
  bool when_named = entry.known != nullptr && is_stale(*entry.known);
  if (now >= entry.refresh_at && !when_named) return look_up(entry);
  auto left = std::chrono::ceil<milliseconds>(entry.refresh_at - now);
  if (left.count() <= 0) left = parts_.config.host_ttl;
  MonotonicTime refresh_at = entry.refresh_at;
  wait(entry, left);
  entry.refresh_at = refresh_at;
}

void HostCache::give_up(Entry& entry) {
  bool had_address = entry.known != nullptr && entry.known->endpoint != nullptr;
  if (entry.known != nullptr && !had_address) --without_address_;
  stats_.host_removed.inc();
  tell_all([key = entry.key](HostView& own) { own.erase(key); });
  auto at = hosts_.find(entry.key);
  std::unique_ptr<Entry> last = std::move(at->second);  // it may be its own alarm that runs
  hosts_.erase(at);
  stats_.num_hosts.set(static_cast<int64_t>(hosts_.size()));
  note_room();
  if (had_address && parts_.changed) parts_.changed();
}

std::shared_ptr<const config::EndpointSet> HostCache::endpoints() const {
  auto set = std::make_shared<config::EndpointSet>();
  config::LocalityEndpoints& all = set->localities.emplace_back();
  for (const auto& [key, entry] : hosts_) {
    if (entry->known != nullptr && entry->known->endpoint != nullptr)
      all.endpoints.push_back(entry->known->endpoint);
  }
  return set;
}

}  // namespace outrigger::dns
