#include "proxy/net/listener_share.h"

#include <fcntl.h>

#include "test/unit/net/listener_fixture.h"

namespace outrigger::net::test {
namespace {

// Two workers of one listener that balances exactly.
class ListenerShareTest : public ListenerTest {
 protected:
  ListenerShareTest() {
    auto balanced = config("l");
    balanced->exact_balance = true;
    share_ = std::make_shared<ListenerShare>(*balanced, 2, two_);
    auto chains = std::make_shared<const ChainSet>(*balanced);
    first_ = std::make_unique<Listener>(share_, chains, services_);
    second_ = std::make_unique<Listener>(share_, chains, other_services_);
  }
  ~ListenerShareTest() override {
    arrived_.clear();
    there_.clear();
    other_loop_.settle();
  }
  // What the first worker accepts: true if the second gets it.
  bool accept() {
    return share_->hand_over(0, ::open("/dev/null", O_RDONLY | O_CLOEXEC),
                             *Address::from_ip("192.0.2.1", 1));
  }

  outrigger::test::FakeLoop other_loop_;
  std::deque<Arrived> there_;
  ConnectionServices other_{1, other_loop_, runtime_, [] { return uint64_t{0}; }};
  ListenerDirectory other_directory_;
  ListenerServices other_services_{
      other_, other_directory_, logs_,
      [this](const config::ListenerPtr&, const config::FilterChainPtr&) {
        return std::make_unique<KeepingChain>(there_);
      }};
  ProcessConnections two_{2};
  std::shared_ptr<ListenerShare> share_;
  std::unique_ptr<Listener> first_, second_;
};

TEST_F(ListenerShareTest, TheWorkerWithTheFewestGetsIt) {
  EXPECT_FALSE(accept());  // as many here as there: a hand-over would only cost
  connect(*first_);
  EXPECT_TRUE(accept());
  EXPECT_EQ(share_->count(1).value(), 1);  // counted before it has got there
  EXPECT_EQ(share_->open_connections(), 2);
  EXPECT_FALSE(accept());
  other_loop_.settle();
  ASSERT_EQ(there_.size(), 1u);
  EXPECT_EQ(there_[0].info.remote.ip_text(), "192.0.2.1");
  EXPECT_EQ(share_->count(1).value(), 1);
  there_.clear();
  EXPECT_EQ(share_->count(1).value(), 0);
  EXPECT_EQ(two_.total(), 1);
}

TEST_F(ListenerShareTest, AWorkerThatLeftGetsNothing) {
  connect(*first_);
  EXPECT_TRUE(accept());
  second_.reset();
  other_loop_.settle();
  EXPECT_TRUE(there_.empty());
  EXPECT_EQ(two_.total(), 1);
  EXPECT_FALSE(accept());
}

}  // namespace
}  // namespace outrigger::net::test
