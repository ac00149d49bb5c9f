// gRPC calls to a server that configuration names: a cluster of the bootstrap (envoy_grpc) or a
// target of its own (google_grpc), whose connections, TLS and statistics are those of any other
// cluster. Messages are octets: who calls knows their type. Thread: that of the loop that the
// client was made for; no callback comes from inside a call. Lifetime: streams end before their
// client. Semantics: envoy.config.core.v3.GrpcService and
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::config {

struct GrpcService {
  ClusterRef cluster;
  ClusterPtr own_cluster;  // google_grpc: made from the target; nullptr: one of the configuration
  std::string authority;   // empty: the cluster's name
  std::string stat_prefix;
  std::vector<std::pair<std::string, std::string>> initial_metadata;  // lower case
  std::optional<std::chrono::milliseconds> timeout;                   // of unary calls
  uint32_t max_receive_message_bytes = 0;                             // 0: no limit of its own
  // x-envoy-internal and x-forwarded-for go along, as Envoy sends them.
  bool envoy_headers = false;
  // Of streams that are opened again and again (xDS): retry_policy of envoy_grpc.
  std::optional<std::chrono::milliseconds> retry_base, retry_max;
};

}  // namespace outrigger::config

namespace outrigger::grpc {

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
enum class Code : uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16
};

class StreamHandler {
 public:
  virtual void on_message(std::string message) = 0;
  // The last callback: the server's status, or `unavailable` with what the connection met.
  virtual void on_closed(Code code, std::string_view message) = 0;

 protected:
  ~StreamHandler() = default;
};

// One call with messages both ways. Destroying it cancels the call without a callback.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void send(std::string message) = 0;
  // No message follows.
  virtual void close_sending() = 0;
  // Octets that send() took and the connection has not.
  virtual size_t unsent() const = 0;
};

struct CallOptions {
  // deadline_exceeded after it; absent: none. Unary calls pass GrpcService::timeout.
  std::optional<std::chrono::milliseconds> timeout;
  // Lower case, sent behind the service's; values of "-bin" names are octets.
  std::vector<std::pair<std::string, std::string>> metadata;
};

class Client {
 public:
  virtual ~Client() = default;
  // `method` is "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources".
  // What keeps the call from starting comes as on_closed.
  virtual std::unique_ptr<Stream> open(std::string_view method, StreamHandler& handler,
                                       const CallOptions& options) = 0;
  std::unique_ptr<Stream> open(std::string_view method, StreamHandler& handler) {
    return open(method, handler, CallOptions());
  }
};

class ClientFactory {
 public:
  virtual ~ClientFactory() = default;
  virtual std::unique_ptr<Client> make(const config::GrpcService& service) = 0;
};

}  // namespace outrigger::grpc
