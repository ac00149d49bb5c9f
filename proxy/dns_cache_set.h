// DnsCacheSet: the DNS caches of the process, by name: made with the first configuration that names
// one, there until the end, as in Envoy. Thread: main. Lifetime: the server's, longer than the
// workers that its caches tell; the io_context outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "boost/asio/io_context.hpp"

#include "api/dns_cache.h"
#include "api/stats.h"
#include "proxy/dns/asio_alarms.h"
#include "proxy/dns/host_cache.h"

namespace outrigger {

class DnsCacheSet final : public DnsCaches {
 public:
  using Task = std::function<void()>;
  struct Parts {
    boost::asio::io_context& io;
    StatsRegistry& stats;
    unsigned workers;
    std::function<absl::StatusOr<dns::Resolver*>(const config::DnsResolver&)> resolver;
    std::function<void(unsigned worker, Task task)> on_worker;
    std::function<void(const DnsCachePtr& cache)> changed;  // its hosts, once in each turn
  };
  explicit DnsCacheSet(Parts parts);
  ~DnsCacheSet() override;

  // DnsCaches
  absl::StatusOr<DnsCachePtr> get(const config::DnsCacheConfig& config) override;

 private:
  struct Entry {
    std::shared_ptr<dns::HostCache> cache;
    bool change_posted = false;
  };
  absl::StatusOr<std::shared_ptr<dns::HostCache>> make(const config::DnsCacheConfig& config);
  void on_changed(const std::string& name);

  Parts parts_;
  dns::AsioAlarms alarms_;
  std::mt19937_64 random_;
  std::map<std::string, Entry> caches_;
};

}  // namespace outrigger
