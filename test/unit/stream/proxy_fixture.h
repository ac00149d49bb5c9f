// One worker's HTTP service on a fake loop: "/direct" is answered here, everything else goes to the
// cluster "backend".
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/observe/stats_store.h"
#include "proxy/stream/http_listener.h"
#include "proxy/stream/http_service.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::stream::test {

class RouterOnly final : public HttpFilterFactory {
 public:
  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return make_in_arena<HttpFilter>(arena);
  }
  const RouterOptions* router_options() const override { return &options_; }

 private:
  RouterOptions options_;
};

class ProxyTest : public ::testing::Test {
 protected:
  using Client = std::shared_ptr<outrigger::test::FakePeer>;

  ProxyTest() {
    config_->routes = std::make_shared<config::Slot<config::RouteTable>>(routes());
    config_->filters.push_back({"router", std::make_shared<RouterOnly>(), nullptr});
    config_->stats = outrigger::test::scope<HttpStats>("http.test.");
    config_->http1_stats = outrigger::test::scope<http::Http1Stats>("http.test.http1.");
    config_->http2_stats = outrigger::test::scope<http::Http2Stats>("http.test.http2.");
  }
  ~ProxyTest() override {
    if (listener_ != nullptr) listener_->close_all();
    clusters_.close_all();
    loop_.settle();
  }

  // A client connects; the test changes config_ before the first.
  Client connect() {
    if (listener_ == nullptr) start();
    auto [transport, peer] = loop_.accept_client();
    DownstreamConnectionInfo info;
    info.direct_remote = info.remote = transport->remote_address();
    info.direct_local = info.local = transport->local_address();
    info.listener_name = "test";
    listener_->on_connection(std::move(transport), std::move(info));
    return peer;
  }
  // Everything goes by this action, in the place of "/direct" and "backend"; before connect().
  config::VirtualHost& forward_by(config::ForwardAction action) {
    auto table = std::make_shared<config::RouteTable>();
    table->default_host = 0;
    config::VirtualHost& host = table->hosts.emplace_back();
    config::Route& route = host.routes.emplace_back();
    route.match.path.text = "/";
    if (action.cluster.name.empty()) action.cluster = {"backend", 0};
    route.action = std::move(action);
    config_->routes = std::make_shared<config::Slot<config::RouteTable>>(table);
    return host;
  }
  HttpStats& stats() { return config_->stats->local<HttpStats>(0); }
  ClusterStats& cluster_stats() { return cluster_->stats->local<ClusterStats>(0); }
  outrigger::test::FakePeer& upstream(size_t at) { return loop_.peer(at); }

  outrigger::test::FakeLoop loop_;
  std::shared_ptr<config::HttpConnectionManager> config_ =
      std::make_shared<config::HttpConnectionManager>();
  std::shared_ptr<config::Cluster> cluster_ =
      outrigger::test::cluster({{outrigger::test::endpoint(80)}});
  std::vector<std::shared_ptr<config::Cluster>> more_clusters_;
  std::unique_ptr<HttpListener> listener_;
  ServerState& server() { return server_; }

 private:
  static std::shared_ptr<const config::RouteTable> routes() {
    auto table = std::make_shared<config::RouteTable>();
    table->default_host = 0;
    config::VirtualHost& host = table->hosts.emplace_back();
    config::Route& direct = host.routes.emplace_back();
    direct.match.path.text = "/direct";
    direct.action = config::DirectResponseAction{200, "here", nullptr};
    config::Route& forward = host.routes.emplace_back();
    forward.match.path.text = "/";
    config::ForwardAction action;
    action.cluster = {"backend", 0};
    forward.action = std::move(action);
    return table;
  }
  void start() {
    auto listener = std::make_shared<config::Listener>();
    listener->name = "test";
    listener->stats = outrigger::test::scope<ListenerStats>("listener.test.");
    auto chain = std::make_shared<config::FilterChain>();
    chain->http = config_;
    chain->http_stats = outrigger::test::scope<ListenerHttpStats>("listener.test.http.");
    std::vector<config::ClusterPtr> clusters{cluster_};
    clusters.insert(clusters.end(), more_clusters_.begin(), more_clusters_.end());
    clusters_.set_clusters(clusters);
    listener_ = std::make_unique<HttpListener>(
        std::make_shared<HttpService>(std::move(listener), std::move(chain), services_));
  }

  upstream::ClusterTable clusters_{loop_, 0, 0};
  Random random_{1};
  ServerState server_;
  observe::StatsStore store_;
  observe::LogWriter logs_{store_};
  observe::HttpDate date_;
  config::NodeIdentity node_;
  WorkerServices services_{0,       loop_, clusters_, random_,
                           server_, logs_, date_,     std::make_shared<config::RuntimeSnapshot>(),
                           node_,   "host"};
};

}  // namespace outrigger::stream::test
