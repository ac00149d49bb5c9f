#include "proxy/upstream/original_hosts.h"

#include <charconv>

#include "proxy/upstream/conn_pool.h"
#include "proxy/upstream/worker_cluster.h"

namespace outrigger::upstream {
namespace {

// A client may choose the address (use_http_header): it must not fill the memory before the next
// clean-up.
constexpr size_t kMaxHosts = 65'536;

constexpr std::string_view kFilterState = "envoy.network.transport_socket.original_dst_address";

// "10.0.0.1:80", "[::1]:80"
net::Address parse(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  std::string_view ip = text.substr(0, colon);
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
  } else if (ip.find(':') != std::string_view::npos) {
    return {};  // which colon would be the port's?
  }
  return net::Address::from_ip(ip, port).value_or(net::Address());
}

const std::string* find_state(const LbContext& context) {
  const std::string* found = nullptr;
  if (context.stream != nullptr) found = context.stream->filter_state.find(kFilterState);
  if (found == nullptr && context.connection != nullptr)
    found = context.connection->find_filter_state(kFilterState);
  return found;
}

const std::string* find_metadata(const LbContext& context, const std::vector<std::string>& key) {
  std::span<const std::string> path(key.begin() + 1, key.end());
  const MetadataValue* value = nullptr;
  if (context.stream != nullptr) value = context.stream->metadata.find(key[0], path);
  if (value == nullptr && context.connection != nullptr && context.connection->extras != nullptr)
    value = context.connection->extras->metadata.find(key[0], path);
  return value == nullptr ? nullptr : value->string();
}

}  // namespace

OriginalHosts::OriginalHosts(WorkerCluster& cluster)
    : cluster_(cluster),
      timer_(cluster.loop().timers(),
             runtime::Timer::call<&OriginalHosts::clean_up, OriginalHosts>(), this) {}

OriginalHosts::~OriginalHosts() = default;

// In Envoy's order: filter state, header, metadata, the connection's own destination.
net::Address OriginalHosts::find_address(const LbContext& context) {
  const config::OriginalDst& config = *cluster_.config().original_dst;
  auto counted = [&](std::string_view text) {
    net::Address address = parse(text);
    if (!address.valid()) cluster_.stats().original_dst_host_invalid.inc();
    return address;
  };
  net::Address found;
  if (const std::string* state = find_state(context)) found = parse(*state);
  if (!found.valid() && config.use_http_header && context.headers != nullptr) {
    std::string_view header = context.headers->get(config.http_header_name);
    if (!header.empty()) found = counted(header);
  }
  if (!found.valid() && !config.metadata_key.empty()) {
    if (const std::string* text = find_metadata(context, config.metadata_key))
      found = counted(*text);
  }
  const DownstreamConnectionInfo* connection = context.connection;
  if (!found.valid() && connection != nullptr && connection->local_restored)
    found = connection->local;
  if (found.is_ip() && config.port_override) found = found.with_port(*config.port_override);
  return found;
}

Host* OriginalHosts::pick(const LbContext& context) {
  net::Address address = find_address(context);
  if (!address.is_ip()) return nullptr;
  std::string key = address.text();
  if (hosts_.size() >= kMaxHosts && !hosts_.contains(key)) return nullptr;
  HostRef& host = hosts_[std::move(key)];
  if (host == nullptr) {
    auto endpoint = std::make_shared<config::Endpoint>();
    endpoint->address = address;
    endpoint->stats =
        std::make_shared<StatsScope>("", "", std::vector<StatTag>(), HostStats::layout());
    host = cluster_.make_host(endpoint);
    if (!timer_.armed()) timer_.start(cluster_.config().original_dst->cleanup_interval);
  }
  host->used = true;
  return host;
}

void OriginalHosts::append_to(std::vector<HostRef>& hosts) const {
  for (const auto& [address, host] : hosts_) hosts.push_back(host);
}

void OriginalHosts::retire() {
  for (const auto& [address, host] : hosts_) cluster_.retire(host);
}

// What was not used since the last time and has no connection goes.
void OriginalHosts::clean_up() {
  for (auto at = hosts_.begin(); at != hosts_.end();) {
    Host& host = *at->second;
    if (std::exchange(host.used, false) || host.busy()) {
      ++at;
      continue;
    }
    host.removed = true;
    at = hosts_.erase(at);
  }
  if (!hosts_.empty()) timer_.start(cluster_.config().original_dst->cleanup_interval);
}

}  // namespace outrigger::upstream
