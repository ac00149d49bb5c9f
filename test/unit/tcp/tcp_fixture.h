// One worker's TCP proxy on a fake loop, in front of the cluster "backend" of one host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/stats_tcp.h"
#include "proxy/net/filtered_chain.h"
#include "proxy/observe/stats_store.h"
#include "proxy/tcp/tcp_listener.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::tcp::test {

using std::chrono::milliseconds;

class TcpTest : public ::testing::Test {
 protected:
  using Client = std::shared_ptr<outrigger::test::FakePeer>;

  TcpTest() {
    config_->stat_prefix = "test";
    config_->clusters.push_back({{"backend", 0}, 1, {}});
    config_->total_weight = 1;
    config_->stats = outrigger::test::scope<TcpStats>("tcp.test.");
    listener_config_->name = "test";
    listener_config_->stats = outrigger::test::scope<ListenerStats>("listener.test.");
  }
  ~TcpTest() override {
    if (listener_ != nullptr) listener_->close_all();
    clusters_.close_all();
    loop_.settle();
  }

  // A client connects; the test changes the configuration before the first.
  Client connect() {
    if (listener_ == nullptr) start();
    auto [transport, peer] = loop_.accept_client();
    DownstreamConnectionInfo info;
    info.start = loop_.now();
    info.direct_remote = info.remote = transport->remote_address();
    info.direct_local = info.local = transport->local_address();
    info.requested_server_name = server_name_;
    listener_->on_connection(std::move(transport), std::move(info));
    loop_.settle();
    return peer;
  }
  // ... and its upstream is there.
  Client connect_through() {
    Client client = connect();
    upstream(loop_.peer_count() - 1).accept();
    return client;
  }
  outrigger::test::FakePeer& upstream(size_t at) { return loop_.peer(at); }
  outrigger::test::FakePeer& last_upstream() { return loop_.peer(loop_.peer_count() - 1); }
  TcpStats& stats() { return config_->stats->local<TcpStats>(0); }
  ClusterStats& cluster_stats() { return cluster_->stats->local<ClusterStats>(0); }
  void cluster_comes() { clusters_.set_clusters({cluster_}); }
  size_t connections() const { return listener_->connection_count(); }

  outrigger::test::FakeLoop loop_;
  std::shared_ptr<config::TcpProxy> config_ = std::make_shared<config::TcpProxy>();
  std::shared_ptr<config::Cluster> cluster_ =
      outrigger::test::cluster({{outrigger::test::endpoint(80)}});
  std::shared_ptr<config::Listener> listener_config_ = std::make_shared<config::Listener>();
  std::vector<config::NetworkFilterEntry> filters_;
  std::string server_name_;
  bool cluster_there_ = true;  // from the start on
  std::unique_ptr<net::ChainHandler> listener_;

 private:
  void start() {
    auto chain = std::make_shared<config::FilterChain>();
    chain->tcp = config_;
    chain->filters = filters_;
    if (cluster_there_) clusters_.set_clusters({cluster_});
    listener_ =
        net::wrap_filters(listener_config_, chain, worker_,
                          std::make_unique<TcpListener>(listener_config_, chain, services_));
  }

  upstream::ClusterTable clusters_{loop_, 0, 0};
  observe::StatsStore store_;
  observe::LogWriter logs_{store_};
  config::RuntimeSnapshotPtr runtime_ = std::make_shared<config::RuntimeSnapshot>();
  uint64_t random_ = 0;
  net::ConnectionServices worker_{0, loop_, runtime_, [this] { return random_++; }};
  TcpServices services_{worker_, clusters_, logs_};
};

}  // namespace outrigger::tcp::test
