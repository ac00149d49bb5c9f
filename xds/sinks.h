// ClusterSink, ListenerSink, RuntimeSink: where compiled configuration goes when it is to be in
// force: the composition root gives it to every worker. Thread: main. Lifetime: the process's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "api/config/bootstrap.h"
#include "api/config/cluster.h"
#include "api/config/listener.h"

namespace outrigger::xds {

class ClusterSink {
 public:
  using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;
  virtual ~ClusterSink() = default;

  // A cluster of which nothing is in force yet begins to find its endpoints (DNS). `ready` is
  // called once, maybe at once: it may be set(), or its wait is over. Given up by abandon(), by
  // remove() and by another warm() of the slot.
  virtual void warm(const config::ClusterPtr& cluster, std::function<void()> ready) = 0;
  virtual void abandon(uint32_t slot) = 0;
  // The endpoints of a cluster with health checks begin to be asked before it is set(). `endpoints`
  // as in set(). `ready` is called once, maybe at once: each was asked. Given up as warm() is.
  virtual void check(const config::ClusterPtr& /*cluster*/, const EndpointSetPtr& /*endpoints*/,
                     std::function<void()> ready) {
    ready();
  }
  // In force now, new or in the place of the slot's last. `endpoints` nullptr: those of the
  // configuration or of DNS. Requests under way keep what they began with.
  virtual void set(const config::ClusterPtr& cluster, const EndpointSetPtr& endpoints) = 0;
  virtual void set_endpoints(uint32_t slot, const EndpointSetPtr& endpoints) = 0;
  // New requests find no such cluster; what is under way ends on its own.
  virtual void remove(uint32_t slot) = 0;
  // Calls `then`, maybe at once, when every thread works with what was set and removed up to now.
  virtual void when_in_force(std::function<void()> then) = 0;
};

class ListenerSink {
 public:
  virtual ~ListenerSink() = default;
  // Binds what sockets it needs beyond those in force; connections are taken from set() on. An
  // error (an address in use) leaves everything as it was. Given up by abandon(), by another warm()
  // of its name and by remove().
  virtual absl::Status warm(const config::ListenerPtr& listener) = 0;
  virtual void abandon(const std::string& name) = 0;
  // In force now: new, or in the place of the last of its name, whose sockets go over where the
  // addresses stay and whose connections drain only if their chain changed. It need not have been
  // warm() before. An error leaves everything as it was.
  virtual absl::Status set(const config::ListenerPtr& listener) = 0;
  // Accepts no more; its connections drain. `drained` is called when the last is gone.
  virtual void remove(const std::string& name, std::function<void()> drained) = 0;
};

class RuntimeSink {
 public:
  virtual ~RuntimeSink() = default;
  // The values of a layer of layered_runtime from now on.
  virtual void set_layer(const config::Bootstrap::RuntimeLayer& layer) = 0;
};

}  // namespace outrigger::xds
