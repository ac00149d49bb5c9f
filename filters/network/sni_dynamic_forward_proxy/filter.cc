#include "filters/network/sni_dynamic_forward_proxy/filter.h"

#include <charconv>
#include <optional>
#include <string>

namespace outrigger::filters::sni_dynamic_forward_proxy {
namespace {

constexpr std::string_view kHostState = "envoy.upstream.dynamic_host";
constexpr std::string_view kPortState = "envoy.upstream.dynamic_port";
constexpr std::string_view kUpstreamAddressState = "envoy.stream.upstream_address";

// 0: it names none.
uint16_t named_port(const DownstreamConnectionInfo& info) {
  const std::string* text = info.find_filter_state(kPortState);
  uint16_t port = 0;
  if (text == nullptr) return 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
  return error == std::errc() && end == text->data() + text->size() ? port : uint16_t{0};
}

}  // namespace

// A name without an address goes on as well, as in Envoy: its cluster has no host then.
NetworkVerdict SniForwardFilter::on_new_connection(NetworkFilterContext& context) {
  DownstreamConnectionInfo& info = context.info();
  const std::string* named = info.find_filter_state(kHostState);
  std::string_view host = named != nullptr ? *named : std::string_view(info.requested_server_name);
  if (host.empty() || config_->cache == nullptr) return NetworkVerdict::next;
  uint16_t port = named_port(info);
  if (port == 0) {
    port = config_->port;
    info.make_extras().filter_state.set(kPortState, std::to_string(port));
  }
  std::optional<DnsHostKey> key = DnsHostKey::parse(host, port);
  if (!key) return NetworkVerdict::next;
  context_ = &context;
  worker_ = context.worker();
  CachedHostPtr known = config_->cache->find(worker_, key->text());
  if (known != nullptr && !config_->cache->is_stale(*known)) {
    save(*known);
    return NetworkVerdict::next;
  }
  if (config_->cache->ask(worker_, *key, *this) != DnsCache::Asked::waiting) return turn_away();
  waiting_ = true;
  return NetworkVerdict::stop;
}

NetworkVerdict SniForwardFilter::turn_away() {
  context_->close(false, "sni_dynamic_forward_proxy_overflow");
  return NetworkVerdict::stop;
}

void SniForwardFilter::on_dns_host(const CachedHostPtr& host) {
  waiting_ = false;
  if (host == nullptr) {
    turn_away();
    return;
  }
  save(*host);
  context_->resume();
}

void SniForwardFilter::save(const CachedHost& host) {
  if (!config_->save_upstream_address || host.endpoint == nullptr) return;
  context_->info().make_extras().filter_state.set(kUpstreamAddressState,
                                                  host.endpoint->address.text());
}

void SniForwardFilter::stop_waiting() {
  if (std::exchange(waiting_, false)) config_->cache->cancel(worker_, *this);
}

}  // namespace outrigger::filters::sni_dynamic_forward_proxy
