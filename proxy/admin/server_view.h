// ServerView: what the administration interface may see of the server and ask of it. Implemented by
// the composition root. Thread: main. Lifetime: outlives the AdminServer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/any.pb.h"

#include "envoy/admin/v3/server_info.pb.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "api/config/bootstrap.h"
#include "api/config/cluster.h"
#include "api/config/listener.h"
#include "api/host_health.h"
#include "api/net/address.h"
#include "proxy/admin/runtime_store.h"

namespace outrigger::observe {
class LogWriter;
class StatsStore;
}  // namespace outrigger::observe

namespace outrigger::admin {

// Names and meaning: envoy.admin.v3.ServerInfo.State. A failed health check is `draining` too.
enum class ServerState : uint8_t {
  live,
  draining,
  pre_initializing,
  initializing,
};

struct ListenerStatus {
  config::ListenerPtr config;
  net::Address bound;  // with the port that the system chose
  std::vector<net::Address> bound_additional;
};

struct ClusterStatus {
  config::ClusterPtr config;
  std::shared_ptr<const config::EndpointSet>
      endpoints;  // those in force; may be newer than config->endpoints
  bool added_via_api = false;
  // What is known of each endpoint, in their order; empty: nobody watches or asks them.
  HostHealthView health = {};
};

// A resource that the server waits for before it is live, and what it still misses.
struct UnreadyTarget {
  std::string name;
  std::vector<std::string> waiting_for;
};

struct CertificateStatus {
  std::string path;  // or "<inline>"
  std::string serial;
  std::vector<std::string> dns_names, uris, ip_addresses;
  std::chrono::system_clock::time_point valid_from, expires;
  std::optional<std::pair<std::chrono::system_clock::time_point,
                          std::chrono::system_clock::time_point>>
      ocsp;  // valid from, until
};

// What became of a resource of dynamic configuration. Texts are borrowed: valid until the main
// thread returns to its loop.
struct ResourceVersion {
  std::string_view type_url;
  std::string_view body;  // octets
  std::string_view version;
  std::chrono::system_clock::time_point at;

  google::protobuf::Any any() const {
    google::protobuf::Any out;
    out.set_type_url(type_url.data(), type_url.size());
    out.set_value(body.data(), body.size());
    return out;
  }
  // False: the octets are no such message.
  bool read(google::protobuf::Message& into) const {
    return into.ParseFromArray(body.data(), static_cast<int>(body.size()));
  }
};
struct ResourceStatus {
  std::string_view name;
  std::optional<ResourceVersion> active, warming, draining;
  std::optional<ResourceVersion> rejected;  // the last one, unless a good one came after it
  std::string_view rejected_because;
  bool does_not_exist = false;
};
// All resources of one type that were asked for or received, by name.
struct ResourceTypeStatus {
  std::string type_url;
  std::string version;  // of the last response that was taken; empty: none
  std::vector<ResourceStatus> resources;
};

// The certificates of one TLS context in force.
struct TlsContextStatus {
  std::vector<CertificateStatus> authorities, certificates;
};

struct DrainRequest {
  bool graceful = false;      // close after the drain time, not at once
  bool inbound_only = false;  // only listeners of direction inbound
  bool skip_exit = false;     // drain connections, keep the listeners and the process
};

class ServerView {
 public:
  virtual ~ServerView() = default;

  virtual ServerState state() const = 0;
  virtual std::string version() const = 0;  // "<revision>/<version>/Clean/RELEASE/OpenSSL"
  virtual std::chrono::seconds uptime() const = 0;
  virtual const envoy::admin::v3::CommandLineOptions& command_line_options() const = 0;

  // The bootstrap as loaded (command line merged, node completed), as compiled, and when that was.
  // Its static_resources are asked for by themselves: they are read again from their octets.
  virtual const envoy::config::bootstrap::v3::Bootstrap& bootstrap_proto() const = 0;
  virtual envoy::config::bootstrap::v3::Bootstrap_StaticResources static_resources() const = 0;
  virtual const config::Bootstrap& bootstrap() const = 0;
  virtual std::chrono::system_clock::time_point bootstrap_loaded_at() const = 0;

  virtual std::vector<ListenerStatus> listeners() const = 0;
  virtual std::vector<ClusterStatus> clusters() const = 0;
  virtual std::vector<UnreadyTarget> unready_targets() const = 0;

  // Dynamic configuration: the types that there is something to say of, and one type's resources.
  virtual std::vector<std::string> resource_types() const { return {}; }
  virtual ResourceTypeStatus resources(std::string_view type_url) const {
    return {std::string(type_url), "", {}};
  }

  virtual std::vector<TlsContextStatus> tls_contexts() const { return {}; }

  virtual observe::StatsStore& stats() = 0;
  virtual RuntimeStore& runtime() = 0;

  // What admin.access_log writes with; nullptr: nothing is logged.
  virtual observe::LogWriter* access_log_writer() { return nullptr; }

  // Actions. They return at once; their effect may come later.
  virtual void fail_health_check(bool failed) = 0;
  virtual void drain_listeners(const DrainRequest& request) = 0;
  virtual void quit() = 0;
  virtual void reopen_logs() = 0;
};

}  // namespace outrigger::admin
