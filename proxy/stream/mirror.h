// Mirror: a copy of a request that goes to another cluster; its response is discarded. It never
// delays or fails the original: what it cannot take at once is kept up to a bound, then the mirror
// is given up. Thread: the stream's worker. Lifetime: its own: it outlives the stream that began it
// and destroys itself at its end.
#pragma once

#include <memory>
#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "proxy/route/header_mutation.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/upstream_request.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::stream {

class Mirror final : public runtime::Deferred, public UpstreamOwner {
 public:
  // `headers` is copied and made what the policy asks for: a request of this proxy's own, whose
  // address is `local_ip`.
  static Mirror* start(upstream::WorkerCluster& cluster, const config::MirrorPolicy& policy,
                       const http::HeaderMap& headers, route::ValueSource& values,
                       std::string_view local_ip, bool end_stream, uint64_t random,
                       std::chrono::milliseconds timeout);
  ~Mirror() override;

  void send_body(Bytes body, bool end_stream);
  void send_trailers(const http::HeaderMap& trailers);
  // The original stream is over. A request that was not complete is given up.
  void original_ended();

 private:
  // A mirror that is this far behind is given up: the original's body must not pile up here.
  static constexpr size_t kMaxBehind = 1024 * 1024;

  Mirror(upstream::WorkerCluster& cluster, uint64_t random);
  void make_headers(const config::MirrorPolicy& policy, const http::HeaderMap& headers,
                    route::ValueSource& values, std::string_view local_ip);
  void mark_as_own(std::string_view local_ip);
  void begin(bool end_stream, std::chrono::milliseconds timeout);
  Arena& arena() override { return arena_; }
  void on_upstream_informational(http::HeaderMap&) override {}
  void on_upstream_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_upstream_body(Bytes, bool end_stream) override {
    if (end_stream) finish();
  }
  void on_upstream_trailers(http::HeaderMap&) override { finish(); }
  void on_upstream_failure(const UpstreamFailure& failure) override;
  void on_upstream_blocked(bool blocked) override { blocked_ = blocked; }
  void on_upstream_connected(upstream::ClientConnection&, upstream::Host&) override {}
  void on_upstream_request_sent() override {}
  void on_timeout();
  void finish();

  upstream::WorkerClusterRef cluster_;
  uint64_t random_;
  Arena arena_;
  upstream::HostRef host_;
  std::unique_ptr<http::HeaderMap> headers_;
  std::unique_ptr<UpstreamRequest> request_;
  std::unique_ptr<http::HeaderMap> trailers_;
  runtime::Timer timer_;
  size_t behind_ = 0;
  bool blocked_ = false;
  bool request_done_ = false;
  bool attached_ = true;  // the original still sends
  bool finished_ = false;
};

}  // namespace outrigger::stream
