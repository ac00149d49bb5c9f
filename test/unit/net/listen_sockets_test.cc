#include "proxy/net/listen_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <map>

#include <gtest/gtest.h>

namespace outrigger::net {
namespace {

config::Listener listener_at(const Address& address) {
  config::Listener listener;
  listener.addresses.push_back({address, false, {}, {}});
  return listener;
}

config::Listener any_port() {
  return listener_at(*Address::from_ip("127.0.0.1", 0));
}

bool can_connect(const Address& address) {
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool up = ::connect(fd, address.data(), address.length()) == 0;
  ::close(fd);
  return up;
}

TEST(ListenSockets, EachWorkerHasItsOwnAtOnePort) {
  auto sockets = ListenSockets::bind(any_port(), 3, nullptr);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ((*sockets)->per_address(0), 3u);
  EXPECT_NE((*sockets)->addresses()[0].port(), 0);
  EXPECT_NE((*sockets)->descriptor(0, 0), (*sockets)->descriptor(0, 2));
}

TEST(ListenSockets, NobodyCanConnectBeforeItListens) {
  config::Listener listener = any_port();
  auto sockets = *ListenSockets::bind(listener, 2, nullptr);
  EXPECT_FALSE(can_connect(sockets->addresses()[0]));
  ASSERT_TRUE(sockets->listen(listener).ok());
  EXPECT_TRUE(can_connect(sockets->addresses()[0]));
  EXPECT_TRUE(sockets->listen(listener).ok());  // the next listener there
}

TEST(ListenSockets, WithoutReusePortThereIsOneForAll) {
  config::Listener listener = any_port();
  listener.reuse_port = false;
  auto sockets = *ListenSockets::bind(listener, 3, nullptr);
  EXPECT_EQ(sockets->per_address(0), 1u);
  EXPECT_EQ(sockets->descriptor(0, 0), sockets->descriptor(0, 2));
}

TEST(ListenSockets, AnAddressInUseIsAnErrorThatNamesIt) {
  config::Listener listener = any_port();
  listener.reuse_port = false;
  auto first = *ListenSockets::bind(listener, 1, nullptr);
  ASSERT_TRUE(first->listen(listener).ok());
  config::Listener second = listener_at(first->addresses()[0]);
  second.reuse_port = false;
  auto sockets = ListenSockets::bind(second, 1, nullptr);
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(std::string(sockets.status().message()),
            "cannot bind '" + first->addresses()[0].text() + "': Address already in use");
}

TEST(ListenSockets, FitWhatWouldOpenTheSame) {
  config::Listener listener = any_port();
  auto sockets = *ListenSockets::bind(listener, 1, nullptr);
  listener.backlog = 7;
  listener.buffer_limit_bytes = 7;
  EXPECT_TRUE(sockets->fit(listener));
  listener.addresses[0].socket_options.push_back({1, 2, "x", SocketOption::State::bound});
  EXPECT_FALSE(sockets->fit(listener));
  EXPECT_FALSE(sockets->fit(listener_at(*Address::from_ip("127.0.0.1", 1))));
}

// The sockets of a process that this one replaces.
struct Parent final : SocketSource {
  std::optional<int> take(const Address&, unsigned worker) override {
    auto found = sockets.find(worker);
    if (found == sockets.end()) return std::nullopt;
    return ::fcntl(found->second, F_DUPFD_CLOEXEC, 0);
  }
  std::map<unsigned, int> sockets;
};

TEST(ListenSockets, AreTakenOverFromWhoHasThem) {
  config::Listener listener = any_port();
  auto theirs = *ListenSockets::bind(listener, 1, nullptr);
  Parent parent;
  parent.sockets[0] = theirs->descriptor(0, 0);
  auto ours = *ListenSockets::bind(listener_at(theirs->addresses()[0]), 2, &parent);
  EXPECT_EQ(ours->addresses()[0], theirs->addresses()[0]);
  EXPECT_EQ(ours->per_address(0), 2u);  // the parent had fewer workers
}

}  // namespace
}  // namespace outrigger::net
