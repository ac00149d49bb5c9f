#include "filters/http/dynamic_forward_proxy/filter.h"

#include <charconv>
#include <utility>

namespace outrigger::filters::dynamic_forward_proxy {
namespace {

constexpr std::string_view kHost = "envoy.upstream.dynamic_host";
constexpr std::string_view kPort = "envoy.upstream.dynamic_port";
constexpr std::string_view kUpstreamAddress = "envoy.stream.upstream_address";

const std::string* find_state(StreamInfo& info, std::string_view name) {
  const std::string* found =
      info.extras == nullptr ? nullptr : info.extras->filter_state.find(name);
  if (found == nullptr && info.connection != nullptr)
    found = info.connection->find_filter_state(name);
  return found;
}

uint16_t port_of(const std::string* text, uint16_t otherwise) {
  uint16_t port = 0;
  if (text == nullptr) return otherwise;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
  bool good = error == std::errc() && end == text->data() + text->size() && port != 0;
  return good ? port : otherwise;
}

LocalReply no_room() {
  return {503,
          "DNS cache overflow",
          {{}, "dns_cache_overflow", "the DNS cache has as many hosts as max_hosts allows"}};
}

LocalReply too_many_pending() {
  return {503,
          "Dynamic forward proxy pending request overflow",
          {{},
           "dynamic_forward_proxy_pending_request_overflow",
           "as many requests as max_pending_requests allows wait for an answer of DNS"}};
}

void rewrite_host(const ForwardProxyRouteConfig& route, http::HeaderMap& headers) {
  if (!route.host.empty()) headers.set(http::HeaderId::authority, route.host);
  if (route.host_header.empty()) return;
  std::string_view value = headers.get(route.host_header);
  if (!value.empty()) headers.set(http::HeaderId::authority, value);
}

}  // namespace

Verdict ForwardProxyFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                               bool) {
  using Discovery = config::Cluster::Discovery;
  std::string_view name = context.route_cluster();
  const config::Cluster* cluster = name.empty() ? nullptr : context.find_cluster(name);
  if (cluster == nullptr || cluster->discovery != Discovery::dynamic_forward_proxy ||
      config_.cache == nullptr)
    return Verdict::next();
  context_ = &context;
  worker_ = context.worker();
  if (const auto* route = static_cast<const ForwardProxyRouteConfig*>(context.route_config()))
    rewrite_host(*route, headers);
  std::optional<DnsHostKey> key = named_host(cluster->transport_socket->tls == nullptr ? 80 : 443);
  if (!key) return Verdict::reply(unresolved("not_a_host_name"));
  CachedHostPtr host = config_.cache->find(worker_, key->text());
  if (host == nullptr || config_.cache->is_stale(*host)) return ask(*key);
  std::optional<LocalReply> reply = judge(*host);
  return reply ? Verdict::reply(*reply) : Verdict::next();
}

std::optional<DnsHostKey> ForwardProxyFilter::named_host(uint16_t default_port) {
  std::string_view host = context_->request_headers().get(http::HeaderId::authority);
  if (config_.host_from_filter_state) {
    const std::string* named = find_state(context_->info(), kHost);
    if (named != nullptr && !named->empty()) host = *named;
    default_port = port_of(find_state(context_->info(), kPort), default_port);
  }
  return DnsHostKey::parse(host, default_port);
}

Verdict ForwardProxyFilter::ask(const DnsHostKey& key) {
  switch (config_.cache->ask(worker_, key, *this)) {
    case DnsCache::Asked::no_room:
      return Verdict::reply(no_room());
    case DnsCache::Asked::too_many_pending:
      return Verdict::reply(too_many_pending());
    case DnsCache::Asked::waiting:
      break;
  }
  waiting_ = true;
  return Verdict::wait();
}

void ForwardProxyFilter::on_dns_host(const CachedHostPtr& host) {
  waiting_ = false;
  std::optional<LocalReply> reply = host == nullptr ? no_room() : judge(*host);
  reply ? context_->reply(*reply) : context_->resume_request();
}

std::optional<LocalReply> ForwardProxyFilter::judge(const CachedHost& host) {
  if (host.endpoint == nullptr) return unresolved(host.details);
  if (config_.save_upstream_address) {
    context_->info()
        .make_extras(context_->arena())
        .filter_state.set(kUpstreamAddress, host.endpoint->address.text());
  }
  return std::nullopt;
}

LocalReply ForwardProxyFilter::unresolved(std::string_view why) {
  Arena& arena = context_->arena();
  return {503,
          "DNS resolution failure",
          {ResponseFlag::dns_resolution_failure, arena.concat("dns_resolution_failure{", why, "}"),
           arena.concat("DNS has no address of ",
                        context_->request_headers().get(http::HeaderId::authority), ": ", why)}};
}

void ForwardProxyFilter::stop_waiting() {
  if (std::exchange(waiting_, false)) config_.cache->cancel(worker_, *this);
}

}  // namespace outrigger::filters::dynamic_forward_proxy
