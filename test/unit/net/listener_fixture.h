// A listener on a FakeLoop, whose chains keep what they get. Thread: the test's.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/net/internal_listeners.h"
#include "proxy/net/listener.h"
#include "proxy/observe/stats_store.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::net::test {

// One connection that reached a chain's end.
struct Arrived final : runtime::TransportHandler {
  std::unique_ptr<runtime::Transport> transport;
  DownstreamConnectionInfo info;
  std::string data;
  bool eof = false;
  bool connected = false;

  void on_connected() override { connected = true; }
  void on_data(Bytes bytes) override { data += bytes; }
  void on_eof() override { eof = true; }
  void on_closed(int) override {}
};

class KeepingChain final : public ChainHandler {
 public:
  explicit KeepingChain(std::deque<Arrived>& arrived) : arrived_(arrived) {}
  void on_connection(std::unique_ptr<runtime::Transport> transport,
                     DownstreamConnectionInfo info) override {
    Arrived& one = arrived_.emplace_back();
    one.transport = std::move(transport);
    one.info = std::move(info);
    one.transport->set_handler(one);
  }
  void drain(DrainPace pace) override { drained = pace; }
  void close_all() override {
    closed = true;
    for (Arrived& one : arrived_) one.transport = nullptr;
    arrived_.clear();
  }
  size_t connection_count() const override { return arrived_.size(); }

  std::optional<DrainPace> drained;
  bool closed = false;

 private:
  std::deque<Arrived>& arrived_;
};

// A listener filter that does what the test says.
struct ScriptedFilter final : ListenerFilterFactory {
  using Look = std::function<ListenerFilterVerdict(ListenerFilterContext&, Bytes, bool, size_t&)>;
  explicit ScriptedFilter(Look l) : look(std::move(l)) {}

  struct Filter final : ListenerFilter {
    explicit Filter(const Look& l) : look_function(l) {}
    ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end,
                               size_t& consumed) override {
      return look_function(context, data, end, consumed);
    }
    size_t max_bytes() const override { return 0; }
    const Look& look_function;
  };
  std::unique_ptr<ListenerFilter> create() const override { return std::make_unique<Filter>(look); }
  Look look;
};

class ListenerTest : public testing::Test {
 protected:
  using Peer = std::shared_ptr<outrigger::test::FakePeer>;

  ~ListenerTest() override {
    arrived_.clear();  // connections end before what counts them
    listeners_.clear();
    loop_.settle();
  }
  // A listener's configuration with one chain for everything.
  static std::shared_ptr<config::Listener> config(const std::string& name,
                                                  std::string_view ip = "198.51.100.1",
                                                  uint16_t port = 8080) {
    auto out = std::make_shared<config::Listener>();
    out->name = name;
    out->addresses.push_back({*Address::from_ip(ip, port), false, {}, {}});
    out->bind_to_port = false;
    out->stats = outrigger::test::scope<ListenerStats>("listener." + name + ".");
    out->chains.push_back(std::make_shared<config::FilterChain>());
    return out;
  }
  static void add_filter(config::Listener& listener, ScriptedFilter::Look look) {
    listener.listener_filters.push_back(
        {"scripted", std::make_shared<ScriptedFilter>(std::move(look)), nullptr});
  }
  Listener& start(std::shared_ptr<config::Listener> config) {
    listeners_.push_back(
        std::make_unique<Listener>(std::make_shared<ListenerShare>(*config, 1, process_),
                                   std::make_shared<const ChainSet>(*config), services_));
    EXPECT_TRUE(listeners_.back()->start(nullptr).ok());
    return *listeners_.back();
  }
  Peer connect(Listener& listener, std::string_view ip = "192.0.2.1",
               const Address& redirected_from = {}) {
    auto [transport, peer] = loop_.accept_client(ip);
    if (redirected_from.valid()) peer->redirected_from(redirected_from);
    listener.accept_internal(std::move(transport));
    loop_.settle();
    return peer;
  }

  outrigger::test::FakeLoop loop_;
  std::deque<Arrived> arrived_;
  config::RuntimeSnapshotPtr runtime_ = std::make_shared<config::RuntimeSnapshot>();
  ConnectionServices connections_{0, loop_, runtime_, [] { return uint64_t{0}; }};
  ListenerDirectory directory_;
  InternalListeners internal_{loop_, directory_};
  observe::StatsStore store_;
  observe::LogWriter logs_{store_};
  ListenerServices services_{connections_, directory_, logs_,
                             [this](const config::ListenerPtr&, const config::FilterChainPtr&) {
                               return std::make_unique<KeepingChain>(arrived_);
                             }};
  ProcessConnections process_{1};
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace outrigger::net::test
