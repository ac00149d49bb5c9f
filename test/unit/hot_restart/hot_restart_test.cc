// Two processes' parts of a hot restart, over a real Unix socket: the predecessor on a thread of
// its own, as it would be in a process of its own.
#include "proxy/hot_restart/hot_restart.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "boost/asio/executor_work_guard.hpp"
#include "boost/asio/post.hpp"
#include "fmt/format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrigger::hot_restart {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One process: its io_context on a thread, and what its server was asked for.
class Process final : public Host {
 public:
  explicit Process(Settings settings) : restart(io, std::move(settings), *this, stats) {}
  ~Process() { stop(); }

  void run() {
    thread_ = std::thread([this] { io.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io, [this] {
      restart.stop();
      io.stop();
    });
    thread_.join();
  }
  // As a crash: without a word.
  void crash() {
    io.stop();
    thread_.join();
  }
  std::vector<std::shared_ptr<const net::ListenSockets>> listening() override { return sockets; }
  void refresh_stats() override {}
  void close_admin() override { note("close_admin"); }
  void reopen_admin() override { note("reopen_admin"); }
  void hand_over() override { note("hand_over"); }
  void take_back() override {
    if (!sockets.empty()) retaken = restart.take(sockets[0]->addresses()[0], 0);
    note("take_back");
  }
  void end_process() override { note("end"); }

  void note(const char* what) {
    std::lock_guard lock(mutex_);
    asked_.push_back(what);
  }
  std::vector<std::string> asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  // Until it was asked for so much.
  std::vector<std::string> await(size_t count) {
    for (int i = 0; i < 500 && asked().size() < count; ++i) std::this_thread::sleep_for(10ms);
    return asked();
  }

  boost::asio::io_context io;
  observe::StatsStore stats;
  std::vector<std::shared_ptr<const net::ListenSockets>> sockets;
  HotRestart restart;
  std::optional<int> retaken;  // what it got when it took back

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

Settings settings(uint32_t epoch) {
  Settings out;
  out.place.socket_path = fmt::format("@hot_restart_test_{}", ::getpid());
  out.epoch = epoch;
  out.shutdown_time = 900s;
  return out;
}

std::shared_ptr<net::ListenSockets> listening(unsigned workers) {
  config::Listener listener;
  listener.reuse_port = true;
  listener.addresses.emplace_back().address = *net::Address::from_ip("127.0.0.1", 0);
  auto sockets = net::ListenSockets::bind(listener, workers, nullptr);
  EXPECT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_TRUE((*sockets)->listen(listener).ok());
  return *sockets;
}

ino_t inode(int fd) {
  struct stat info {};
  ::fstat(fd, &info);
  return info.st_ino;
}

TEST(HotRestart, SocketsOfEveryWorkerGoOverAndTheOldOneDrains) {
  Process old(settings(0));
  old.sockets.push_back(listening(2));
  net::Address address = old.sockets[0]->addresses()[0];
  ASSERT_TRUE(old.restart.start().ok());
  old.run();
  Process next(settings(1));
  ASSERT_TRUE(next.restart.start().ok());
  for (unsigned worker : {0u, 1u}) {
    auto fd = next.restart.take(address, worker);
    ASSERT_TRUE(fd);
    EXPECT_EQ(inode(*fd), inode(old.sockets[0]->descriptor(0, worker)));
    ::close(*fd);
  }
  EXPECT_FALSE(next.restart.take(address, 2));  // it had no third worker
  EXPECT_FALSE(next.restart.take(*net::Address::from_ip("127.0.0.1", 1), 0));
  EXPECT_THAT(old.asked(), ElementsAre("close_admin"));
  next.restart.go_live();
  EXPECT_THAT(old.await(2), ElementsAre("close_admin", "hand_over"));
  next.run();
  next.stop();
  EXPECT_THAT(old.await(3), ElementsAre("close_admin", "hand_over", "end"));
}

TEST(HotRestart, ASuccessorThatNeverServesLeavesEverythingAsItWas) {
  Process old(settings(0));
  old.sockets.push_back(listening(1));
  ASSERT_TRUE(old.restart.start().ok());
  old.run();
  {
    Process next(settings(1));
    ASSERT_TRUE(next.restart.start().ok());
    ::close(next.restart.take(old.sockets[0]->addresses()[0], 0).value_or(-1));
  }
  EXPECT_THAT(old.await(2), ElementsAre("close_admin", "reopen_admin"));
  Process again(settings(1));  // the same epoch comes again
  EXPECT_TRUE(again.restart.start().ok());
}

TEST(HotRestart, AfterASuccessorThatCrashedTheOldOneServesAgainFromItsOwnSockets) {
  Process old(settings(0));
  old.sockets.push_back(listening(1));
  net::Address address = old.sockets[0]->addresses()[0];
  ino_t socket = inode(old.sockets[0]->descriptor(0, 0));
  ASSERT_TRUE(old.restart.start().ok());
  old.run();
  {
    auto next = std::make_unique<Process>(settings(1));
    ASSERT_TRUE(next->restart.start().ok());
    ::close(next->restart.take(address, 0).value_or(-1));
    next->restart.go_live();
    old.await(2);
    next->run();
    next->crash();
  }
  EXPECT_THAT(old.await(4), ElementsAre("close_admin", "hand_over", "take_back", "reopen_admin"));
  ASSERT_TRUE(old.retaken);
  EXPECT_EQ(inode(*old.retaken), socket);
  ::close(*old.retaken);
}

TEST(HotRestart, TheOldOneIsToldToEndAfterItsTime) {
  Process old(settings(0));
  ASSERT_TRUE(old.restart.start().ok());
  old.run();
  Settings soon = settings(1);
  soon.shutdown_time = 50ms;
  Process next(soon);
  ASSERT_TRUE(next.restart.start().ok());
  next.restart.go_live();
  next.run();
  EXPECT_THAT(old.await(3), ElementsAre("close_admin", "hand_over", "end"));
}

TEST(HotRestart, WhoIsNotNextIsRefusedInASentence) {
  Process old(settings(4));
  // It has no predecessor itself.
  EXPECT_THAT(std::string(old.restart.start().message()), HasSubstr("cannot connect to"));
  old.run();
  auto fd = connect_to(settings(5).place, 4);
  ASSERT_TRUE(fd.ok());
  Message hello;
  hello.kind = Message::Kind::hello;
  hello.number = kProtocolVersion + 1;
  hello.epoch = 5;
  ASSERT_TRUE(send_now(*fd, encode(hello)));
  char answer[256];
  ssize_t size = ::recv(*fd, answer, sizeof answer, 0);
  ASSERT_GT(size, 0);
  EXPECT_THAT(std::string(answer, static_cast<size_t>(size)), HasSubstr("hot restart version"));
  ::close(*fd);
}

TEST(HotRestart, ARowThatIsTakenIsAnErrorOnlyIfItWasAskedFor) {
  Process first(settings(0));
  ASSERT_TRUE(first.restart.start().ok());
  Process second(settings(0));
  EXPECT_TRUE(second.restart.start().ok());
  EXPECT_FALSE(second.restart.take(*net::Address::from_ip("127.0.0.1", 1), 0));
  Settings given = settings(0);
  given.base_id_given = true;
  Process third(given);
  EXPECT_THAT(std::string(third.restart.start().message()), HasSubstr("see --base-id"));
  Settings any = settings(0);
  any.any_base_id = true;
  Process fourth(any);
  EXPECT_TRUE(fourth.restart.start().ok());
}

TEST(HotRestart, WithoutAPredecessorItMayStartIfItIsToldSo) {
  Settings alone = settings(1);
  alone.go_without_predecessor = true;
  Process process(alone);
  EXPECT_TRUE(process.restart.start().ok());
  process.restart.go_live();
}

}  // namespace
}  // namespace outrigger::hot_restart
