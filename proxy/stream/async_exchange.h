// AsyncExchange: one request of AsyncHttpClient and its response. Thread: the worker's. Lifetime:
// given up by the handle that the caller has; deleted at the end of that turn.
//
//   queued --this turn's end--> trying --response--> done    any --failure, timeout, cancel--> done
#pragma once

#include <memory>
#include <string_view>

#include "api/arena.h"
#include "api/http/async_client.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/upstream_request.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

class AsyncExchange final : public runtime::Deferred, public UpstreamOwner {
 public:
  AsyncExchange(WorkerServices& services, http::AsyncRequest request, http::AsyncHandler& handler);
  ~AsyncExchange() override;

  // No callback follows.
  void cancel();
  runtime::Loop& loop() { return services_.loop; }

 private:
  void begin();
  void send(upstream::WorkerCluster& cluster);
  void fill_headers();
  void on_timeout();
  // The response so far takes this many more octets; false: it is too large, and the call is over.
  bool take(size_t octets);
  void respond();
  void fail(http::AsyncFailure failure, std::string_view detail);
  // The same, with what the router would say to a client.
  void fail(http::AsyncFailure failure, std::string_view detail, int code, std::string_view body);
  void end();

  Arena& arena() override { return arena_; }
  void on_upstream_informational(http::HeaderMap&) override {}
  void on_upstream_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_upstream_body(Bytes body, bool end_stream) override;
  void on_upstream_trailers(http::HeaderMap&) override { respond(); }
  void on_upstream_failure(const UpstreamFailure& failure) override;
  void on_upstream_blocked(bool) override {}
  void on_upstream_connected(upstream::ClientConnection&, upstream::Host&) override {}
  void on_upstream_request_sent() override {}

  WorkerServices& services_;
  http::AsyncRequest request_;
  http::AsyncHandler* handler_;  // nullptr: it is over
  Arena arena_;
  http::HeaderMap headers_;
  upstream::WorkerClusterRef cluster_;
  upstream::HostRef host_;
  std::unique_ptr<UpstreamRequest> upstream_;
  http::AsyncResponse response_;
  size_t response_octets_ = 0;
  runtime::TurnTask begin_;
  runtime::Timer timer_;
  MonotonicTime start_;
};

}  // namespace outrigger::stream
