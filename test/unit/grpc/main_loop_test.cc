// The main thread's loop, driven by Asio, over real sockets.
#include "proxy/main_loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "test/unit/support/cluster.h"

namespace outrigger {
namespace {

using namespace std::chrono_literals;

struct Heard final : grpc::StreamHandler {
  explicit Heard(boost::asio::io_context& io_in) : io(io_in) {}
  void on_message(std::string) override {}
  void on_closed(grpc::Code code_in, std::string_view) override {
    code = code_in;
    io.stop();
  }
  boost::asio::io_context& io;
  std::optional<grpc::Code> code;
};

class MainLoopTest : public ::testing::Test {
 protected:
  MainLoopTest() {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    net::Address any = *net::Address::from_ip("127.0.0.1", 0);
    EXPECT_EQ(::bind(fd_, any.data(), any.length()), 0);
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = ntohs(bound.sin_port);
  }
  ~MainLoopTest() override { ::close(fd_); }

  config::ClusterPtr cluster() {
    auto endpoint = std::make_shared<config::Endpoint>(*test::endpoint(port_));
    endpoint->address = *net::Address::from_ip("127.0.0.1", port_);
    auto made = test::cluster({{endpoint}});
    made->http.edit().version = config::UpstreamHttp::Version::http2;
    return made;
  }

  int fd_ = -1;
  uint16_t port_ = 0;
  boost::asio::io_context io_;
  Heard heard_{io_};
};

TEST_F(MainLoopTest, ACallFromOutsideATurnIsMadeAndItsEndIsTold) {
  MainLoop main(io_);
  main.set_clusters({cluster()});
  auto client = main.grpc().make({{"backend", 0}, nullptr, "", "", {}, {}, 0, false, {}, {}});
  auto stream = client->open("/a.B/C", heard_);
  stream->send("x");
  io_.run_for(5s);
  EXPECT_EQ(heard_.code, grpc::Code::unavailable);  // nobody listens
}

TEST_F(MainLoopTest, TimersOfTheLoopRun) {
  ASSERT_EQ(::listen(fd_, 1), 0);  // accepts, and says nothing
  MainLoop main(io_);
  main.set_clusters({cluster()});
  auto client = main.grpc().make({{"backend", 0}, nullptr, "", "", {}, {}, 0, false, {}, {}});
  auto stream = client->open("/a.B/C", heard_, {30ms, {}});
  io_.run_for(5s);
  EXPECT_EQ(heard_.code, grpc::Code::deadline_exceeded);
}

TEST_F(MainLoopTest, TasksFromOtherThreadsRun) {
  MainLoop main(io_);
  bool ran = false;
  std::thread other([&] { main.loop().post([&] { ran = true, io_.stop(); }); });
  io_.run_for(5s);
  other.join();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace outrigger
