#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"

#include "proxy/runtime/loop.h"

namespace outrigger::runtime {
namespace {

struct End : TransportHandler {
  void on_connected() override { connected = true; }
  void on_data(Bytes bytes) override {
    received += bytes;
    if (on_receive) on_receive();
  }
  void on_eof() override { eof = true; }
  void on_closed(int error) override {
    closed = true;
    close_error = error;
  }
  void on_write_blocked() override { ++blocked; }
  void on_write_resumed() override { ++resumed; }

  std::unique_ptr<Transport> transport;
  std::string received;
  std::function<void()> on_receive;
  bool connected = false;
  bool eof = false;
  bool closed = false;
  int close_error = -1;
  int blocked = 0;
  int resumed = 0;
};

ConnectOptions to(const net::Address& address) {
  ConnectOptions options;
  options.address = address;
  return options;
}

// A loop with a listener and one accepted connection to it, all on this thread.
class EpollLoopTest : public testing::Test, private AcceptHandler {
 protected:
  void SetUp() override {
    ListenOptions listen;
    listen.address = *net::Address::from_ip("127.0.0.1", 0);
    auto opened = loop->listen(listen, *this);
    ASSERT_TRUE(opened.ok()) << opened.status();
    acceptor = std::move(*opened);
    auto dialled = loop->connect(to(acceptor->local_address()), client);
    ASSERT_TRUE(dialled.ok());
    client.transport = std::move(*dialled);
    run_until([this] { return client.connected && server.transport != nullptr; });
  }
  void on_accept(std::unique_ptr<Transport> transport) override {
    server.transport = std::move(transport);
    server.transport->set_handler(server);
  }
  // Runs turns until the condition holds; ten seconds at most.
  void run_until(std::function<bool()> condition) {
    struct Ticker {
      Loop& loop;
      std::function<bool()>& condition;
      int left = 10'000;
      Timer timer;
      Ticker(Loop& l, std::function<bool()>& c)
          : loop(l), condition(c), timer(l.timers(), Timer::call<&Ticker::tick, Ticker>(), this) {
        timer.start(std::chrono::milliseconds(0));
      }
      void tick() {
        if (condition() || --left == 0) {
          loop.stop();
        } else {
          timer.start(std::chrono::milliseconds(1));
        }
      }
    };
    Ticker ticker(*loop, condition);
    loop->run();
    ASSERT_GT(ticker.left, 0) << "the condition did not come true";
  }

  std::unique_ptr<Loop> loop = make_epoll_loop();
  std::unique_ptr<Acceptor> acceptor;
  End client;
  End server;
};

TEST_F(EpollLoopTest, CarriesOctetsBothWays) {
  client.transport->write("ping");
  server.on_receive = [this] { server.transport->write("pong"); };
  run_until([this] { return client.received == "pong"; });
  EXPECT_EQ(server.received, "ping");
  EXPECT_EQ(client.transport->bytes_sent(), 4u);
  EXPECT_EQ(client.transport->bytes_received(), 4u);
}

TEST_F(EpollLoopTest, ASlowReaderBlocksTheWriterAndLosesNothing) {
  server.transport->pause_reading(true);
  client.transport->set_output_limit(64 * 1024);
  std::string sent(20'000'000, 'x');
  for (size_t i = 0; i < sent.size(); i += 997) sent[i] = static_cast<char>('a' + i % 26);
  client.transport->write(sent);
  run_until([this] { return client.blocked == 1; });
  EXPECT_TRUE(server.received.empty());
  server.transport->pause_reading(false);
  run_until([&] { return server.received.size() == sent.size(); });
  EXPECT_EQ(server.received, sent);
  run_until([this] { return client.resumed == 1; });
  EXPECT_EQ(client.transport->output_queued(), 0u);
}

TEST_F(EpollLoopTest, AHalfCloseArrivesAfterTheDataAndTheOtherDirectionGoesOn) {
  client.transport->write("last words");
  client.transport->shutdown_write();
  run_until([this] { return server.eof; });
  EXPECT_EQ(server.received, "last words");
  server.transport->write("still here");
  run_until([this] { return client.received == "still here"; });
  EXPECT_FALSE(client.closed);
}

TEST_F(EpollLoopTest, ClosingWhenFlushedDiscardsWhatStillArrivesAndSendsNoReset) {
  server.transport->write("answer");
  server.transport->close_when_flushed();
  client.transport->write("a request that nobody reads");
  run_until([this] { return client.eof; });
  EXPECT_EQ(client.received, "answer");
  EXPECT_FALSE(client.closed);
  client.transport->shutdown_write();
  run_until([this] { return server.closed; });
  EXPECT_EQ(server.close_error, 0);
  EXPECT_TRUE(server.received.empty());
}

TEST_F(EpollLoopTest, ARefusedConnectionIsReportedWithItsError) {
  net::Address gone = acceptor->local_address();
  acceptor.reset();
  End lost;
  auto dialled = loop->connect(to(gone), lost);
  ASSERT_TRUE(dialled.ok());
  lost.transport = std::move(*dialled);
  run_until([&] { return lost.closed; });
  EXPECT_EQ(lost.close_error, ECONNREFUSED);
  EXPECT_FALSE(lost.connected);
}

TEST_F(EpollLoopTest, TasksOfOtherThreadsRunOnTheLoopInOrder) {
  std::string order;
  std::thread other([&] {
    for (char c = 'a'; c <= 'e'; ++c) loop->post([&order, c] { order.push_back(c); });
  });
  run_until([&] { return order.size() == 5; });
  other.join();
  EXPECT_EQ(order, "abcde");
}

TEST_F(EpollLoopTest, ATurnTaskRunsOnceAfterItsCallerReturned) {
  int runs = 0;
  TurnTask task([](void* n) { ++*static_cast<int*>(n); }, &runs);
  server.on_receive = [&] {
    loop->run_soon(task);
    loop->run_soon(task);
    EXPECT_EQ(runs, 0);
  };
  client.transport->write("x");
  run_until([&] { return runs > 0; });
  EXPECT_EQ(runs, 1);
}

TEST_F(EpollLoopTest, MeasuresItsTurnsWhereItIsAskedTo) {
  DispatcherStats stats;
  loop->measure(&stats);
  bool done = false;
  loop->post([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    done = true;
  });
  // A delay is known only of a wait that nothing cut short.
  run_until([&] { return done && stats.poll_delay_us.count() > 0; });
  EXPECT_GT(stats.poll_delay_us.count(), 0u);
  EXPECT_GT(stats.loop_duration_us.count(), 0u);
  EXPECT_GE(stats.loop_duration_us.sum(), 2000u);
}

}  // namespace
}  // namespace outrigger::runtime
