// A cluster of one host on a fake loop, and requests for its pool that note what happens to them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/upstream/client_connection.h"
#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::upstream::test {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

// GET, without a body; sent as soon as the pool has a stream.
class Request final : public PoolWaiter, public http::StreamHandler {
 public:
  explicit Request(ConnPool& pool) : arena_(pool.cluster().loop().chunks()), pool_(pool) {}
  ~Request() { give_up(); }

  Request& start(bool fresh = false) {
    pool_.request_stream(*this, fresh);
    return *this;
  }
  // Another attempt as soon as the pool says no.
  void retry_once() { retry_ = true; }
  void give_up() {
    if (encoder_ == nullptr) return;
    encoder_->reset(http::ResetReason::local_reset);
    release();
  }

  bool sent() const { return connection_id_ != 0; }
  bool done() const { return done_; }
  uint64_t connection_id() const { return connection_id_; }
  std::vector<PoolFailure> failures;
  std::string failure_detail;
  std::vector<http::ResetReason> resets;

 private:
  void on_pool_ready(ClientConnection& connection) override {
    ASSERT_EQ(encoder_, nullptr) << "given two streams";
    connection_ = &connection;
    connection_id_ = connection.id();
    encoder_ = &connection.open_stream(*this);
    http::HeaderMap headers(arena_);
    headers.add(":method", "GET");
    headers.add(":scheme", "http");
    headers.add(":authority", "example.com");
    headers.add(":path", "/");
    encoder_->send_headers(headers, true);
  }
  void on_pool_failure(PoolFailure failure, std::string_view detail) override {
    failures.push_back(failure);
    failure_detail = detail;
    if (std::exchange(retry_, false)) start();
  }
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap&, bool end_stream) override { done_ = end_stream; }
  void on_body(Bytes, bool end_stream) override { done_ = end_stream; }
  void on_trailers(http::HeaderMap&) override { done_ = true; }
  void on_reset(http::ResetReason reason, std::string_view) override {
    resets.push_back(reason);
    release();
  }
  void on_stream_closed() override { release(); }
  void release() {
    encoder_ = nullptr;
    connection_->release_stream();
  }

  Arena arena_;
  ConnPool& pool_;
  ClientConnection* connection_ = nullptr;
  http::StreamEncoder* encoder_ = nullptr;
  uint64_t connection_id_ = 0;
  bool done_ = false;
  bool retry_ = false;
};

class PoolTest : public ::testing::Test {
 protected:
  ~PoolTest() override {
    if (cluster_ != nullptr) cluster_->close_all();
    loop_.settle();
  }

  // The test changes config_ before it asks for the pool.
  ConnPool& pool(http::Protocol protocol = http::Protocol::http11) {
    if (cluster_ == nullptr) cluster_ = std::make_unique<WorkerCluster>(config_, loop_, 0, 0);
    return cluster_->pool(*cluster_->hosts().front(), false, protocol);
  }
  ClusterStats& stats() { return config_->stats->local<ClusterStats>(0); }
  CircuitBreakerStats& breaker() {
    return config_->breaker_stats->local<ClusterBreakerStats>(0).of_priority[0];
  }
  config::CircuitBreaker& limits() { return config_->circuit_breakers[0]; }
  outrigger::test::FakePeer& peer(size_t at) { return loop_.peer(at); }

  // A request that was answered and left its connection idle.
  std::unique_ptr<Request> answered() {
    auto request = std::make_unique<Request>(pool());
    size_t known = loop_.peer_count();
    request->start();
    if (loop_.peer_count() > known) peer(known).accept();
    peer(loop_.peer_count() - 1).send(kOk);
    EXPECT_TRUE(request->done());
    return request;
  }

  outrigger::test::FakeLoop loop_;
  std::shared_ptr<config::Cluster> config_ =
      outrigger::test::cluster({{outrigger::test::endpoint(80)}});
  std::unique_ptr<WorkerCluster> cluster_;
};

}  // namespace outrigger::upstream::test
