// One connection of sni_dynamic_forward_proxy. Its one state: it waits for the cache, or does not.
// Thread: the connection's worker. Lifetime: the connection's.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "api/dns_cache.h"
#include "api/filter/network_filter.h"

namespace outrigger::filters::sni_dynamic_forward_proxy {

struct SniForwardConfig {
  DnsCachePtr cache;  // nullptr: nobody asks DNS here
  uint16_t port = 443;
  bool save_upstream_address = false;
};

class SniForwardFilter final : public NetworkFilter, private DnsWaiter {
 public:
  explicit SniForwardFilter(std::shared_ptr<const SniForwardConfig> config)
      : config_(std::move(config)) {}
  ~SniForwardFilter() override { stop_waiting(); }

  NetworkVerdict on_new_connection(NetworkFilterContext& context) override;
  void on_close(NetworkFilterContext&) override { stop_waiting(); }

 private:
  void on_dns_host(const CachedHostPtr& host) override;
  NetworkVerdict turn_away();
  void save(const CachedHost& host);
  void stop_waiting();

  std::shared_ptr<const SniForwardConfig> config_;
  NetworkFilterContext* context_ = nullptr;
  unsigned worker_ = 0;
  bool waiting_ = false;
};

class SniForwardFactory final : public NetworkFilterFactory {
 public:
  explicit SniForwardFactory(std::shared_ptr<const SniForwardConfig> config)
      : config_(std::move(config)) {}
  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<SniForwardFilter>(config_);
  }

 private:
  std::shared_ptr<const SniForwardConfig> config_;
};

}  // namespace outrigger::filters::sni_dynamic_forward_proxy
