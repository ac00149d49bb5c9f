// Several addresses of one endpoint: their order, and the race.
#include "proxy/upstream/racing_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/upstream/address_order.h"
#include "test/unit/support/fake_loop.h"
#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

std::vector<std::string> order(std::vector<const char*> ips, config::HappyEyeballs rules = {}) {
  config::Endpoint endpoint;
  endpoint.address = *net::Address::from_ip(ips[0], 1);
  for (size_t i = 1; i < ips.size(); ++i)
    endpoint.additional_addresses.push_back(*net::Address::from_ip(ips[i], 1));
  std::vector<std::string> out;
  for (const net::Address& address : address_order(endpoint, rules))
    out.push_back(address.ip_text());
  return out;
}

TEST(AddressOrder, FamiliesTakeTurnsBeginningWithTheFirstAddress) {
  EXPECT_THAT(order({"1.0.0.1", "1.0.0.2", "1.0.0.3", "::1", "::2"}),
              ElementsAre("1.0.0.1", "::1", "1.0.0.2", "::2", "1.0.0.3"));
  EXPECT_THAT(order({"::1", "::2", "1.0.0.1"}), ElementsAre("::1", "1.0.0.1", "::2"));
}

TEST(AddressOrder, FamilyAndCountMayBeSaid) {
  config::HappyEyeballs rules{config::HappyEyeballs::First::v6, 2};
  EXPECT_THAT(order({"1.0.0.1", "1.0.0.2", "::1", "::2", "::3"}, rules),
              ElementsAre("::1", "::2", "1.0.0.1", "::3", "1.0.0.2"));
}

class Race : public PoolTest {
 protected:
  Race() {
    auto endpoint = std::make_shared<config::Endpoint>(*outrigger::test::endpoint(80));
    for (const char* ip : {"::1", "10.0.0.3"})
      endpoint->additional_addresses.push_back(*net::Address::from_ip(ip, 80));
    config_ = outrigger::test::cluster({{endpoint}});
  }
  std::string address(size_t at) { return peer(at).options().address.text(); }
};

TEST_F(Race, TheNextAddressIsTriedAtOnceWhenOneFails) {
  Request request(pool());
  request.start();
  ASSERT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(address(0), "10.0.0.1:80");
  peer(0).refuse(ECONNREFUSED);
  ASSERT_EQ(loop_.peer_count(), 2u);
  EXPECT_EQ(address(1), "[::1]:80");
  peer(1).accept();
  EXPECT_TRUE(request.sent());
  EXPECT_TRUE(request.failures.empty());
  EXPECT_EQ(peer(1).take().substr(0, 5), "GET /");
  EXPECT_EQ(stats().upstream_cx_total.value(), 1u);
}

TEST_F(Race, TheNextAddressIsTriedBesideASlowOneAndTheFirstToAnswerWins) {
  Request request(pool());
  request.start();
  loop_.advance(milliseconds(299));
  EXPECT_EQ(loop_.peer_count(), 1u);
  loop_.advance(milliseconds(1));
  ASSERT_EQ(loop_.peer_count(), 2u);
  EXPECT_TRUE(peer(0).connecting());
  peer(0).accept();
  EXPECT_TRUE(request.sent());
  EXPECT_TRUE(peer(1).gone());
  loop_.advance(milliseconds(1000));
  EXPECT_EQ(loop_.peer_count(), 2u) << "the race is over";
  peer(0).send(kOk);
  EXPECT_TRUE(request.done());
}

TEST_F(Race, TheLastFailureIsTold) {
  Request request(pool());
  request.start();
  peer(0).refuse(ECONNREFUSED);
  peer(1).refuse(ENETUNREACH);
  EXPECT_TRUE(request.failures.empty());
  peer(2).refuse(ETIMEDOUT);
  ASSERT_EQ(request.failures.size(), 1u);
  EXPECT_EQ(request.failure_detail, "Connection timed out");
}

TEST_F(Race, AllOfItWithinTheConnectTimeout) {
  config_->connect_timeout = milliseconds(400);
  Request request(pool());
  request.start();
  loop_.advance(milliseconds(400));
  ASSERT_EQ(request.failures.size(), 1u);
  EXPECT_EQ(request.failures[0], PoolFailure::connect_timeout);
  EXPECT_TRUE(peer(0).gone());
  EXPECT_TRUE(peer(1).gone());
}

TEST_F(Race, AnAddressThatTheSystemRefusesAtOnceIsPassedOver) {
  loop_.fail_next_connect(absl::UnavailableError("no route"));
  Request request(pool());
  request.start();
  ASSERT_EQ(loop_.peer_count(), 1u);
  EXPECT_EQ(address(0), "[::1]:80");
}

}  // namespace
}  // namespace outrigger::upstream::test
