// DnsCluster: keeps the endpoints of one STRICT_DNS or LOGICAL_DNS cluster up to date: asks for
// each of its names, again and again, and publishes a new set when an answer changed something. A
// failure keeps what the last good answer said, and so does an answer that would leave nothing.
// Thread: main. Lifetime: the server's; the resolver and the alarms outlive it. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/service_discovery
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "api/stats_cluster.h"
#include "proxy/dns/resolver.h"

namespace outrigger::dns {

class DnsCluster {
 public:
  using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;
  struct Parts {
    config::ClusterPtr cluster;
    Resolver& resolver;
    Alarms& alarms;
    std::function<uint64_t()> random;
    std::function<void(const EndpointSetPtr&)> publish;
    std::function<void()> ready;  // once: each name has its first answer, or it is too late
  };
  explicit DnsCluster(Parts parts);
  ~DnsCluster();
  DnsCluster(const DnsCluster&) = delete;
  DnsCluster& operator=(const DnsCluster&) = delete;

  void start();
  bool is_ready() const { return ready_; }
  const config::ClusterPtr& cluster() const { return parts_.cluster; }
  const EndpointSetPtr& endpoints() const { return endpoints_; }

 private:
  struct Target {
    const config::DnsResolution::Target* config = nullptr;
    std::vector<config::EndpointPtr> endpoints;
    std::unique_ptr<Query> query;
    std::unique_ptr<Alarm> next;
    std::chrono::milliseconds backoff{0};  // 0: the last answer was good
    bool answered = false;
  };

  void ask(Target& target);
  void on_answer(Target& target, const Answer& answer);
  void note_answered(Target& target);
  void become_ready();
  bool take(Target& target, const Answer& answer);
  bool take_logical(Target& target, const Answer& answer);
  bool take_strict(Target& target, const Answer& answer);
  bool is_last(const Target& target) const;
  config::EndpointPtr make_endpoint(const Target& target,
                                    const std::vector<net::Address>& addresses,
                                    const config::EndpointPtr& before);
  std::chrono::milliseconds delay_after(const Answer& answer);
  std::chrono::milliseconds delay_after_failure(Target& target);
  void rebuild();

  Parts parts_;
  const config::DnsResolution& config_;
  ClusterConfigStats& stats_;
  std::vector<Target> targets_;
  EndpointSetPtr endpoints_;
  std::unique_ptr<Alarm> too_late_;
  bool ready_ = false;
};

}  // namespace outrigger::dns
