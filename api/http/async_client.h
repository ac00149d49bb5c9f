// AsyncClient: single HTTP requests that the proxy makes on its own account (authorization, keys),
// over the pools, TLS and circuit breakers of a cluster. Thread: the worker's. No callback comes
// from inside start(). Lifetime: a call ends before its client and its handler; destroying it
// cancels the request without a callback.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/cluster_ref.h"

namespace outrigger::http {

using AsyncHeaders = std::vector<std::pair<std::string, std::string>>;

struct AsyncRequest {
  // An answer is kept in memory: a server must not fill it.
  static constexpr size_t kMaxResponseBytes = 1024 * 1024;

  config::ClusterRef cluster;  // without a slot: by its name
  AsyncHeaders headers;        // lower case; with ":method", ":path", ":authority", ":scheme"
  std::string body;
  std::chrono::milliseconds timeout{0};  // of all of it; 0: none
  size_t max_response_bytes = kMaxResponseBytes;
  bool send_xff = false;  // adds this machine's address to x-forwarded-for
  // A failure before the response began is answered as the router would answer a client: 503 or
  // 504 with a text.
  bool failures_as_replies = false;
};

struct AsyncResponse {
  int status = 0;
  AsyncHeaders headers;  // without ":status"
  std::string body;
};

enum class AsyncFailure : uint8_t {
  no_cluster,
  no_healthy_host,
  reset,  // the connection could not be made, or ended too early
  timeout,
  too_large  // the response is above max_response_bytes
};

class AsyncHandler {
 public:
  // One of these, once. The call may be destroyed in it.
  virtual void on_async_response(AsyncResponse response) = 0;
  virtual void on_async_failure(AsyncFailure failure, std::string_view detail) = 0;

 protected:
  ~AsyncHandler() = default;
};

class AsyncCall {
 public:
  virtual ~AsyncCall() = default;
};

class AsyncClient {
 public:
  virtual ~AsyncClient() = default;
  virtual std::unique_ptr<AsyncCall> start(AsyncRequest request, AsyncHandler& handler) = 0;
  // Nobody waits for the answer.
  virtual void send(AsyncRequest request) = 0;
};

}  // namespace outrigger::http
