// What compiling a configuration needs of the process and of the rest of the configuration. Thread:
// main. Lifetime: one load.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/config/bootstrap.h"
#include "api/config/cluster.h"
#include "api/config/cluster_ref.h"
#include "api/config/shared.h"
#include "api/stats.h"

namespace outrigger {
class DnsCaches;
}

namespace outrigger::xds {

class DynamicSources;
class InitSet;
class TlsSecrets;

// What compiled objects are tied to for the life of the process.
struct CompileEnvironment {
  StatsRegistry& stats;
  config::ClusterSlots& clusters;
  // What filters of the same key share (CompileContext::share).
  std::map<std::string, std::weak_ptr<void>> shared = {};
  // What clusters have alike.
  config::SharedValues<config::UpstreamHttp> upstream_http = {};
  config::SharedValues<config::UpstreamBind> upstream_bind = {};
  config::NodeIdentity node = {};  // set with the bootstrap, before anything else is compiled
  unsigned workers = 0;            // each has statistics of its own by listener
  TlsSecrets* tls = nullptr;  // nullptr: certificates come from their messages and are read once
  DynamicSources* dynamic = nullptr;  // nullptr: what would be discovered is refused
  InitSet* init = nullptr;  // what the object waits for is added here; nullptr: it does not wait
  // Takes clusters that a configuration describes without naming them (google_grpc), to put them
  // in force as any other; maybe the same one again. nullptr: they are used where they are named.
  std::function<void(const config::ClusterPtr&)> own_cluster = nullptr;

  DnsCaches* dns_caches = nullptr;    // nullptr: names that requests name are not resolved
  config::DnsResolver resolver = {};  // of the bootstrap; set with it

  std::shared_ptr<void> share(const std::string& key,
                              const std::function<std::shared_ptr<void>()>& make) {
    std::weak_ptr<void>& place = shared[key];
    std::shared_ptr<void> found = place.lock();
    if (found == nullptr) place = found = make();
    return found;
  }
};

// Stat names have no ':': "0.0.0.0:80" is "0.0.0.0_80".
std::string stat_name(std::string_view name);

}  // namespace outrigger::xds
