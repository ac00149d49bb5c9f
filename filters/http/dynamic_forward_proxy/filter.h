// One stream of dynamic_forward_proxy. Its one state: it waits for the cache, or does not.
// Thread: the stream's worker. Lifetime: the stream's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/dns_cache.h"
#include "api/filter/http_filter.h"

namespace outrigger::filters::dynamic_forward_proxy {

struct ForwardProxyConfig {
  DnsCachePtr cache;  // nullptr: nobody asks DNS here
  bool save_upstream_address = false;
  bool host_from_filter_state = false;
};

struct ForwardProxyRouteConfig final : public FilterRouteConfig {
  std::string host;         // empty: the request's
  std::string host_header;  // whose value is the host; empty: none
};

class ForwardProxyFilter final : public HttpFilter, private DnsWaiter {
 public:
  // `config` stays as long as the stream.
  explicit ForwardProxyFilter(const ForwardProxyConfig& config) : config_(config) {}
  ~ForwardProxyFilter() override { stop_waiting(); }

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) override;
  void on_stream_end(FilterContext&) override { stop_waiting(); }

 private:
  void on_dns_host(const CachedHostPtr& host) override;
  std::optional<DnsHostKey> named_host(uint16_t default_port);
  Verdict ask(const DnsHostKey& key);
  // nullopt: the request may go on.
  std::optional<LocalReply> judge(const CachedHost& host);
  LocalReply unresolved(std::string_view why);
  void stop_waiting();

  const ForwardProxyConfig& config_;
  FilterContext* context_ = nullptr;
  unsigned worker_ = 0;
  bool waiting_ = false;
};

class ForwardProxyFactory final : public HttpFilterFactory {
 public:
  explicit ForwardProxyFactory(std::shared_ptr<const ForwardProxyConfig> config)
      : config_(std::move(config)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<ForwardProxyFilter>(arena, *config_);
  }

 private:
  std::shared_ptr<const ForwardProxyConfig> config_;
};

}  // namespace outrigger::filters::dynamic_forward_proxy
