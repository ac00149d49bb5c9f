#include "proxy/upstream/dynamic_hosts.h"

#include <charconv>
#include <utility>

#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/worker_cluster.h"

namespace outrigger::upstream {
namespace {

constexpr std::string_view kHost = "envoy.upstream.dynamic_host";
constexpr std::string_view kPort = "envoy.upstream.dynamic_port";

const std::string* find_named(const LbContext& context, std::string_view name) {
  const std::string* found = nullptr;
  if (context.stream != nullptr) found = context.stream->filter_state.find(name);
  if (found == nullptr && context.connection != nullptr)
    found = context.connection->find_filter_state(name);
  return found;
}

// What a filter says comes before what the client says.
std::string_view named_authority(const LbContext& context) {
  if (const std::string* host = find_named(context, kHost)) return *host;
  if (context.headers != nullptr) return context.headers->get(http::HeaderId::authority);
  if (context.connection != nullptr) return context.connection->requested_server_name;
  return {};
}

uint16_t named_port(const LbContext& context, bool tls) {
  uint16_t port = 0;
  if (const std::string* text = find_named(context, kPort)) {
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
    if (error != std::errc() || end != text->data() + text->size()) port = 0;
  }
  if (port != 0) return port;
  return tls ? 443 : 80;
}

absl::string_view to_absl(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::optional<DnsHostKey> named_host(const config::Cluster& cluster, const LbContext& context) {
  bool tls = cluster.transport_socket->tls != nullptr;
  return DnsHostKey::parse(named_authority(context), named_port(context, tls));
}

DynamicHosts::DynamicHosts(WorkerCluster& cluster)
    : cluster_(cluster), cache_(cluster.config().dns_cache) {
  if (cache_ != nullptr) cache_->watch(cluster_.worker(), *this);
}

DynamicHosts::~DynamicHosts() {
  if (cache_ != nullptr) cache_->unwatch(cluster_.worker(), *this);
}

Host* DynamicHosts::pick(const LbContext& context) {
  if (cache_ == nullptr) return nullptr;
  std::optional<DnsHostKey> key = named_host(cluster_.config(), context);
  if (!key) return nullptr;
  auto at = hosts_.find(to_absl(key->text()));
  if (at == hosts_.end()) {
    CachedHostPtr found = cache_->find(cluster_.worker(), key->text());
    return found == nullptr || found->endpoint == nullptr ? nullptr : add(found);
  }
  at->second.used->note(cluster_.loop().now());
  Host* host = at->second.host;
  bool usable =
      effective_health(*host->endpoint, host->state.get()) != config::Endpoint::Health::unhealthy;
  return usable ? host : nullptr;
}

Host* DynamicHosts::add(const CachedHostPtr& found) {
  HostRef host = cluster_.make_host(found->endpoint);
  set_state(*host);
  found->used->note(cluster_.loop().now());
  return hosts_.emplace(found->key, Known{std::move(host), found->used}).first->second.host;
}

void DynamicHosts::take_over(const DynamicHosts& before) {
  if (cache_ != before.cache_) return;
  hosts_ = before.hosts_;
  for (auto& [key, known] : hosts_) known.host->owner = &cluster_;
}

void DynamicHosts::set_state(Host& host) {
  auto at = states_.find(host.endpoint->stats.get());
  host.set_state(at == states_.end() ? nullptr : at->second);
}

void DynamicHosts::update_states(const config::EndpointSet& endpoints, const HostStates* states) {
  if (states == nullptr && states_.empty()) return;
  states_.clear();
  size_t place = 0;
  for (const config::LocalityEndpoints& locality : endpoints.localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      if (states != nullptr && place < states->size())
        states_[endpoint->stats.get()] = (*states)[place];
      ++place;
    }
  }
  for (auto& [key, known] : hosts_) set_state(*known.host);
}

// Its connections stay, new ones go to the new address.
void DynamicHosts::on_dns_change(const CachedHostPtr& host) {
  auto at = hosts_.find(host->key);
  if (at == hosts_.end() || host->endpoint == nullptr) return;
  at->second.used = host->used;
  HostRef known = at->second.host;  // the cluster's second: Host::set_endpoint counts them
  if (known->owner == &cluster_) known->set_endpoint(host->endpoint);
}

void DynamicHosts::on_dns_removed(const std::string& key) {
  auto at = hosts_.find(key);
  if (at == hosts_.end()) return;
  HostRef host = std::move(at->second.host);
  hosts_.erase(at);
  if (host->owner == &cluster_) cluster_.retire(host);
}

void DynamicHosts::append_to(std::vector<HostRef>& hosts) const {
  for (const auto& [key, known] : hosts_) hosts.push_back(known.host);
}

void DynamicHosts::retire() {
  for (const auto& [key, known] : hosts_) {
    if (known.host->owner == &cluster_) cluster_.retire(known.host);
  }
}

}  // namespace outrigger::upstream
