#include "proxy/dns/dns_cluster.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "proxy/runtime/log.h"

namespace outrigger::dns {

using std::chrono::milliseconds;

DnsCluster::DnsCluster(Parts parts)
    : parts_(std::move(parts)),
      config_(*parts_.cluster->dns),
      stats_(parts_.cluster->config_stats->local<ClusterConfigStats>(StatsScope::kMainThread)),
      endpoints_(parts_.cluster->endpoints) {
  targets_.resize(config_.targets.size());  // they stay where they are
  for (size_t i = 0; i < targets_.size(); ++i) targets_[i].config = &config_.targets[i];
}

DnsCluster::~DnsCluster() = default;

void DnsCluster::start() {
  if (targets_.empty()) return become_ready();
  for (Target& target : targets_) ask(target);
  if (!config_.wait_for_first) return become_ready();
  // A request would not wait longer for a connection either.
  too_late_ = parts_.alarms.after(parts_.cluster->connect_timeout, [this] {
    OUTRIGGER_LOG(upstream, warning, "cluster {}: no DNS answer yet; going on without",
                  parts_.cluster->ref.name);
    become_ready();
  });
}

void DnsCluster::become_ready() {
  too_late_.reset();
  if (!std::exchange(ready_, true) && parts_.ready) parts_.ready();
}

void DnsCluster::ask(Target& target) {
  stats_.update_attempt.inc();
  target.query =
      parts_.resolver.resolve(target.config->name, config_.family, [this, &target](Answer answer) {
        target.query.reset();
        on_answer(target, answer);
      });
}

void DnsCluster::on_answer(Target& target, const Answer& answer) {
  milliseconds delay;
  if (answer.ok) {
    stats_.update_success.inc();
    target.backoff = milliseconds(0);
    if (take(target, answer)) {
      rebuild();
    } else {
      stats_.update_no_rebuild.inc();
    }
    delay = delay_after(answer);
  } else {
    stats_.update_failure.inc();
    OUTRIGGER_LOG(upstream, warning, "cluster {}: DNS look-up of {} failed: {}",
                  parts_.cluster->ref.name, target.config->name, answer.error);
    delay = delay_after_failure(target);
  }
  target.next = parts_.alarms.after(delay, [this, &target] { ask(target); });
  note_answered(target);
}

void DnsCluster::note_answered(Target& target) {
  target.answered = true;
  bool all = std::all_of(targets_.begin(), targets_.end(),
                         [](const Target& other) { return other.answered; });
  if (all) become_ready();
}

// True: the endpoints are others than before.
bool DnsCluster::take(Target& target, const Answer& answer) {
  bool logical = parts_.cluster->discovery == config::Cluster::Discovery::logical_dns;
  return logical ? take_logical(target, answer) : take_strict(target, answer);
}

// One host with the first address; the others are tried when it does not answer. No address at all
// leaves it as it is.
bool DnsCluster::take_logical(Target& target, const Answer& answer) {
  if (answer.records.empty()) return false;
  std::vector<net::Address> addresses;
  for (const Record& record : answer.records) {
    net::Address address = record.address.with_port(target.config->port);
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  config::EndpointPtr before = target.endpoints.empty() ? nullptr : target.endpoints.front();
  if (before != nullptr && before->address == addresses.front() &&
      std::equal(before->additional_addresses.begin(), before->additional_addresses.end(),
                 addresses.begin() + 1, addresses.end()))
    return false;
  target.endpoints = {make_endpoint(target, addresses, before)};
  return true;
}

// What the others of its names have is nothing.
bool DnsCluster::is_last(const Target& target) const {
  return !target.endpoints.empty() &&
         std::all_of(targets_.begin(), targets_.end(), [&target](const Target& other) {
           return &other == &target || other.endpoints.empty();
         });
}

// A host for each address. Hosts that were there before stay the same object. An answer that would
// empty a cluster that serves changes nothing: only a control plane may do that.
bool DnsCluster::take_strict(Target& target, const Answer& answer) {
  if (answer.records.empty() && is_last(target)) {
    stats_.update_empty.inc();
    OUTRIGGER_LOG(upstream, warning,
                  "cluster {}: DNS has no addresses of {} any more; going on with the last ones",
                  parts_.cluster->ref.name, target.config->name);
    return false;
  }
  std::vector<config::EndpointPtr> now;
  bool changed = false;
  for (const Record& record : answer.records) {
    net::Address address = record.address.with_port(target.config->port);
    auto has = [&](const config::EndpointPtr& endpoint) { return endpoint->address == address; };
    if (std::any_of(now.begin(), now.end(), has)) continue;
    auto before = std::find_if(target.endpoints.begin(), target.endpoints.end(), has);
    changed = changed || before == target.endpoints.end();
    now.push_back(before == target.endpoints.end() ? make_endpoint(target, {address}, nullptr)
                                                   : *before);
  }
  changed = changed || now.size() != target.endpoints.size();
  // A server that rotates its answer changes nothing.
  if (changed) target.endpoints = std::move(now);
  return changed;
}

config::EndpointPtr DnsCluster::make_endpoint(const Target& target,
                                              const std::vector<net::Address>& addresses,
                                              const config::EndpointPtr& before) {
  auto made = std::make_shared<config::Endpoint>(*target.config->endpoint);
  made->address = addresses.front();
  made->additional_addresses.assign(addresses.begin() + 1, addresses.end());
  if (made->hostname.empty()) made->hostname = target.config->name;
  made->stats = before != nullptr ? before->stats
                                  : std::make_shared<StatsScope>("", "", std::vector<StatTag>(),
                                                                 HostStats::layout());
  return made;
}

milliseconds DnsCluster::delay_after(const Answer& answer) {
  milliseconds delay = config_.refresh_rate;
  if (config_.respect_ttl && !answer.records.empty()) {
    auto least = std::min_element(answer.records.begin(), answer.records.end(),
                                  [](const Record& a, const Record& b) { return a.ttl < b.ttl; });
    if (least->ttl.count() > 0) delay = least->ttl;
  }
  if (config_.refresh_jitter.count() > 0)
    delay += milliseconds(parts_.random() % static_cast<uint64_t>(config_.refresh_jitter.count()));
  return delay;
}

// Twice as long after each failure; anywhere within it, so that many do not ask together.
milliseconds DnsCluster::delay_after_failure(Target& target) {
  if (config_.failure_base == config_.failure_max) return config_.failure_base;
  target.backoff = target.backoff.count() == 0 ? config_.failure_base
                                               : std::min(target.backoff * 2, config_.failure_max);
  auto within = static_cast<uint64_t>(target.backoff.count());
  return milliseconds(std::max<uint64_t>(1, parts_.random() % within));
}

// The same address under two names is one endpoint: the first name's.
void DnsCluster::rebuild() {
  auto set = std::make_shared<config::EndpointSet>();
  set->localities = config_.localities;
  set->overprovisioning_percent = config_.overprovisioning_percent;
  set->drop_overload = config_.drop_overload;
  std::unordered_set<std::string> seen;
  for (const Target& target : targets_) {
    for (const config::EndpointPtr& endpoint : target.endpoints) {
      if (seen.insert(endpoint->address.text()).second)
        set->localities[target.config->locality].endpoints.push_back(endpoint);
    }
  }
  endpoints_ = std::move(set);
  parts_.publish(endpoints_);
}

}  // namespace outrigger::dns
