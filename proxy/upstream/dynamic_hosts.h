// DynamicHosts: the hosts of a dynamic_forward_proxy cluster of ONE worker: made of what its DNS
// cache knows when a request names one, moved and given up as the cache says. Thread: that worker.
// Lifetime: its WorkerCluster's; the next version of the cluster takes the hosts over. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_proxy
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "api/dns_cache.h"
#include "proxy/upstream/host.h"
#include "proxy/upstream/lb_context.h"

namespace outrigger::upstream {

class WorkerCluster;

// The host that a request or connection means; nullopt: what it says cannot be one.
std::optional<DnsHostKey> named_host(const config::Cluster& cluster, const LbContext& context);

class DynamicHosts final : public DnsWatcher {
 public:
  explicit DynamicHosts(WorkerCluster& cluster);
  ~DynamicHosts();
  DynamicHosts(const DynamicHosts&) = delete;
  DynamicHosts& operator=(const DynamicHosts&) = delete;

  // nullptr: nothing names a host, or the cache does not know (an address of) it.
  Host* pick(const LbContext& context);
  // Of a version whose connections may carry this one's requests.
  void take_over(const DynamicHosts& before);
  // What is known of the hosts of `endpoints`; nullptr: nothing.
  void update_states(const config::EndpointSet& endpoints, const HostStates* states);
  void append_to(std::vector<HostRef>& hosts) const;
  size_t size() const { return hosts_.size(); }
  // Its cluster is replaced or removed.
  void retire();

  // DnsWatcher
  void on_dns_change(const CachedHostPtr& host) override;
  void on_dns_removed(const std::string& key) override;

 private:
  struct Known {
    HostRef host;
    std::shared_ptr<LastUse> used;
  };
  Host* add(const CachedHostPtr& found);
  void set_state(Host& host);

  WorkerCluster& cluster_;
  DnsCachePtr cache_;  // nullptr: nobody asks DNS here
  absl::flat_hash_map<std::string, Known> hosts_;
  absl::flat_hash_map<const StatsScope*, HostStatePtr> states_;  // of endpoints, by their `stats`
};

}  // namespace outrigger::upstream
