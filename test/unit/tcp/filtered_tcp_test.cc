// Network filters in front of a TCP proxy, as the listener puts them.
#include <functional>
#include <optional>
#include <utility>

#include "test/unit/tcp/tcp_fixture.h"

namespace outrigger::tcp::test {
namespace {

// What a test's filter does and what it saw; the filter itself dies with its connection.
struct Script {
  std::function<NetworkVerdict(NetworkFilterContext&)> on_new;
  std::function<NetworkVerdict(NetworkFilterContext&, Bytes&, bool)> on_data;
  std::function<void(NetworkFilterContext&)> on_timer;
  NetworkFilterContext* context = nullptr;
  std::string seen;
  std::string written;
  int ends = 0;
  int closes = 0;
};

class Scripted final : public NetworkFilter {
 public:
  explicit Scripted(Script& script) : script_(script) {}
  NetworkVerdict on_new_connection(NetworkFilterContext& context) override {
    script_.context = &context;
    return script_.on_new ? script_.on_new(context) : NetworkVerdict::next;
  }
  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end) override {
    script_.seen += data;
    script_.ends += end ? 1 : 0;
    return script_.on_data ? script_.on_data(context, data, end) : NetworkVerdict::next;
  }
  void on_write(NetworkFilterContext&, Bytes data) override { script_.written += data; }
  void on_timer(NetworkFilterContext& context) override { script_.on_timer(context); }
  void on_close(NetworkFilterContext&) override { ++script_.closes; }

 private:
  Script& script_;
};

class FilteredTest : public TcpTest {
 protected:
  struct Factory final : NetworkFilterFactory {
    explicit Factory(Script& script_in) : script(script_in) {}
    std::unique_ptr<NetworkFilter> create() const override {
      return std::make_unique<Scripted>(script);
    }
    Script& script;
  };
  FilteredTest() {
    filters_.push_back({"first", std::make_shared<Factory>(first_)});
    filters_.push_back({"second", std::make_shared<Factory>(second_)});
  }
  ~FilteredTest() override {
    if (listener_ != nullptr) listener_->close_all();
    loop_.settle();
  }
  Script first_, second_;
};

TEST_F(FilteredTest, AllSeeWhatArrivesInTheirOrder) {
  Client client = connect_through();
  client->send("abc");
  EXPECT_EQ(first_.seen, "abc");
  EXPECT_EQ(second_.seen, "abc");
  EXPECT_EQ(upstream(0).take(), "abc");
  upstream(0).send("xyz");
  EXPECT_EQ(client->take(), "xyz");
  EXPECT_EQ(second_.written, "xyz");
  client->close();
  EXPECT_EQ(second_.ends, 1);
  EXPECT_TRUE(upstream(0).got_fin());
  upstream(0).close();
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(first_.closes, 1);
}

TEST_F(FilteredTest, WhatAFilterTakesOffNobodyBehindItSees) {
  first_.on_data = [](NetworkFilterContext&, Bytes& data, bool) {
    data.remove_prefix(std::min<size_t>(data.size(), 2));
    return NetworkVerdict::next;
  };
  Client client = connect_through();
  client->send("ab");
  client->send("cdef");
  EXPECT_EQ(second_.seen, "ef");
  EXPECT_EQ(upstream(0).take(), "ef");
}

TEST_F(FilteredTest, StopAtTheStartHoldsTheConnectionBack) {
  first_.on_new = [](NetworkFilterContext& context) {
    context.start_timer(milliseconds(500));
    return NetworkVerdict::stop;
  };
  first_.on_timer = [](NetworkFilterContext& context) { context.resume(); };
  Client client = connect();
  client->send("kept");
  EXPECT_EQ(loop_.peer_count(), 0u);
  EXPECT_EQ(second_.context, nullptr);
  EXPECT_EQ(connections(), 1u);
  loop_.advance(milliseconds(600));
  ASSERT_EQ(loop_.peer_count(), 1u);
  upstream(0).accept();
  EXPECT_EQ(upstream(0).take(), "kept");
  EXPECT_EQ(first_.seen, "kept");
  EXPECT_EQ(connections(), 1u);
}

TEST_F(FilteredTest, StopOfDataKeepsItUntilResumed) {
  first_.on_data = [](NetworkFilterContext& context, Bytes& data, bool) {
    if (data != "wait") return NetworkVerdict::next;
    context.start_timer(milliseconds(100));
    return NetworkVerdict::stop;
  };
  first_.on_timer = [](NetworkFilterContext& context) { context.resume(); };
  Client client = connect_through();
  client->send("go");
  client->send("wait");
  client->send("later");
  EXPECT_EQ(upstream(0).take(), "go");
  EXPECT_EQ(second_.seen, "go");
  loop_.advance(milliseconds(200));
  EXPECT_EQ(upstream(0).take(), "waitlater");
  EXPECT_EQ(first_.seen, "gowaitlater");  // each octet once
  EXPECT_EQ(second_.seen, "gowaitlater");
}

TEST_F(FilteredTest, RefusedConnectionNeverReachesTheUpstream) {
  second_.on_new = [](NetworkFilterContext& context) {
    context.close(false, "no");
    return NetworkVerdict::stop;
  };
  Client client = connect();
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(loop_.peer_count(), 0u);
  EXPECT_EQ(connections(), 0u);
  EXPECT_EQ(first_.closes, 1);
  EXPECT_EQ(stats().downstream_cx_total.value(), 1u);  // it is counted and logged all the same
}

TEST_F(FilteredTest, ClosingFilterEndsBothSides) {
  first_.on_data = [](NetworkFilterContext& context, Bytes&, bool) {
    context.close(false, "no");
    return NetworkVerdict::stop;
  };
  Client client = connect_through();
  client->send("bad");
  EXPECT_TRUE(client->gone());
  EXPECT_TRUE(upstream(0).gone());
  EXPECT_EQ(upstream(0).received(), "");
  EXPECT_EQ(second_.seen, "");
  EXPECT_EQ(first_.closes, 1);
}

TEST_F(FilteredTest, FlushingCloseDeliversTheFiltersAnswer) {
  first_.on_data = [](NetworkFilterContext& context, Bytes&, bool) {
    context.write("sorry");
    context.close(true, {});
    return NetworkVerdict::stop;
  };
  Client client = connect_through();
  client->send("bad");
  EXPECT_EQ(client->take(), "sorry");
  EXPECT_TRUE(client->got_fin());
  client->close();
  EXPECT_TRUE(client->gone());
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(FilteredTest, PausingFilterStopsReading) {
  Client client = connect_through();
  first_.context->pause_reading(true);
  client->send("abc");
  EXPECT_EQ(first_.seen, "");
  first_.context->pause_reading(false);
  loop_.settle();
  EXPECT_EQ(upstream(0).take(), "abc");
}

TEST_F(FilteredTest, ClientThatLeavesWhileHeldIsForgotten) {
  first_.on_new = [](NetworkFilterContext&) { return NetworkVerdict::stop; };
  Client client = connect();
  client->reset(104);
  EXPECT_EQ(connections(), 0u);
  EXPECT_EQ(first_.closes, 1);
}

TEST_F(FilteredTest, ShutdownEndsWhoIsHeld) {
  first_.on_new = [](NetworkFilterContext&) { return NetworkVerdict::stop; };
  Client client = connect();
  listener_->close_all();
  loop_.settle();
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(first_.closes, 1);
}

TEST_F(FilteredTest, DataThatWasKeptForASlowEndComesInOrder) {
  cluster_->buffer_limit_bytes = 10;
  Client client = connect_through();
  upstream(0).stall(true);
  client->send(std::string(50, 'a'));
  client->send("b");
  client->send_and_close("c");
  upstream(0).stall(false);
  EXPECT_EQ(upstream(0).take(), std::string(50, 'a') + "bc");
  EXPECT_TRUE(upstream(0).got_fin());
}

TEST_F(FilteredTest, FilterStateNamesTheCluster) {
  config_->clusters.front().cluster = {"other", 5};
  first_.on_new = [](NetworkFilterContext& context) {
    context.info().make_extras().filter_state.set("envoy.tcp_proxy.cluster", "backend");
    return NetworkVerdict::next;
  };
  Client client = connect_through();
  client->send("x");
  EXPECT_EQ(upstream(0).take(), "x");
}

TEST_F(FilteredTest, FilterStateSetsTheIdleTimeout) {
  first_.on_new = [](NetworkFilterContext& context) {
    context.info().make_extras().filter_state.set("envoy.tcp_proxy.per_connection_idle_timeout_ms",
                                                  "200");
    return NetworkVerdict::next;
  };
  Client client = connect_through();
  loop_.advance(milliseconds(300));
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().idle_timeout.value(), 1u);
}

}  // namespace
}  // namespace outrigger::tcp::test
