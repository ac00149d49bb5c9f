// What a cluster makes of the answers of DNS.
#include "proxy/dns/dns_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/dns/fake_dns.h"
#include "test/unit/support/cluster.h"

namespace outrigger::dns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DnsClusterTest : public ::testing::Test {
 protected:
  explicit DnsClusterTest(
      config::Cluster::Discovery discovery = config::Cluster::Discovery::strict_dns) {
    cluster_->discovery = discovery;
    cluster_->config_stats = test::scope<ClusterConfigStats>("cluster.backend.");
    dns_->localities.resize(1);
    add("a.test");
  }
  void add(const char* name, size_t locality = 0) {
    dns_->targets.push_back({name, 80, std::make_shared<config::Endpoint>(), locality});
  }
  void start() {
    cluster_->dns = dns_;
    tested_ = std::make_unique<DnsCluster>(DnsCluster::Parts{
        cluster_, resolver_, alarms_, [this] { return random_; },
        [this](const DnsCluster::EndpointSetPtr&) { ++published_; }, [this] { ++ready_; }});
    tested_->start();
  }
  std::vector<std::string> addresses(size_t locality = 0) {
    std::vector<std::string> out;
    for (const auto& endpoint : tested_->endpoints()->localities[locality].endpoints)
      out.push_back(endpoint->address.text());
    return out;
  }
  void answer(const std::string& name, const std::vector<const char*>& ips, int ttl = 60) {
    Answer answer;
    answer.ok = true;
    for (const char* ip : ips)
      answer.records.push_back({*net::Address::from_ip(ip, 0), seconds(ttl)});
    resolver_.give(name, answer);
  }
  void fail(const std::string& name) {
    Answer answer;
    answer.error = "timeout";
    resolver_.give(name, answer);
  }
  ClusterConfigStats& stats() {
    return cluster_->config_stats->local<ClusterConfigStats>(StatsScope::kMainThread);
  }

  std::shared_ptr<config::Cluster> cluster_ = test::cluster({{}});
  std::shared_ptr<config::DnsResolution> dns_ = std::make_shared<config::DnsResolution>();
  FakeResolver resolver_;
  FakeAlarms alarms_;
  uint64_t random_ = 0;
  unsigned published_ = 0;
  unsigned ready_ = 0;
  std::unique_ptr<DnsCluster> tested_;
};

TEST_F(DnsClusterTest, EachAddressIsAnEndpointAndIsAskedForAgain) {
  start();
  EXPECT_EQ(ready_, 0u);
  answer("a.test", {"10.0.0.1", "10.0.0.2", "10.0.0.1"});
  EXPECT_EQ(ready_, 1u);
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.1:80", "10.0.0.2:80"));
  EXPECT_EQ(tested_->endpoints()->localities[0].endpoints[0]->hostname, "a.test");
  EXPECT_THAT(alarms_.delays(), ElementsAre(milliseconds(5000)));
  alarms_.ring(milliseconds(5000));
  EXPECT_THAT(resolver_.asked, ElementsAre("a.test", "a.test"));
  EXPECT_EQ(stats().update_attempt.value(), 2u);
}

TEST_F(DnsClusterTest, AnotherOrderIsNoChange) {
  start();
  answer("a.test", {"10.0.0.1", "10.0.0.2"});
  alarms_.ring(milliseconds(5000));
  answer("a.test", {"10.0.0.2", "10.0.0.1"});
  EXPECT_EQ(published_, 1u);
  EXPECT_EQ(stats().update_no_rebuild.value(), 1u);
  EXPECT_EQ(stats().update_success.value(), 2u);
}

TEST_F(DnsClusterTest, AnEndpointThatStaysIsTheSameObject) {
  start();
  answer("a.test", {"10.0.0.1"});
  auto before = tested_->endpoints()->localities[0].endpoints[0];
  alarms_.ring(milliseconds(5000));
  answer("a.test", {"10.0.0.2", "10.0.0.1"});
  EXPECT_EQ(tested_->endpoints()->localities[0].endpoints[1], before);
}

TEST_F(DnsClusterTest, AFailureKeepsTheLastGoodAnswer) {
  start();
  answer("a.test", {"10.0.0.1"});
  alarms_.ring(milliseconds(5000));
  fail("a.test");
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.1:80"));
  EXPECT_EQ(stats().update_failure.value(), 1u);
}

TEST_F(DnsClusterTest, NoAddressIsAnAnswerWhereOtherNamesHaveSome) {
  add("b.test");
  start();
  answer("a.test", {"10.0.0.1"});
  answer("b.test", {"10.0.0.2"});
  alarms_.ring(milliseconds(5000));
  answer("a.test", {});
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.2:80"));
  EXPECT_EQ(stats().update_empty.value(), 0u);
}

TEST_F(DnsClusterTest, NoAddressKeepsTheLastOnes) {
  start();
  answer("a.test", {"10.0.0.1"});
  alarms_.ring(milliseconds(5000));
  answer("a.test", {});
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.1:80"));
  EXPECT_EQ(stats().update_empty.value(), 1u);
  alarms_.ring(milliseconds(5000));
  answer("a.test", {"10.0.0.2"});
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.2:80"));
}

TEST_F(DnsClusterTest, NoAddressAtFirstIsAnAnswer) {
  start();
  answer("a.test", {});
  EXPECT_THAT(addresses(), IsEmpty());
  EXPECT_EQ(ready_, 1u);
  EXPECT_EQ(stats().update_empty.value(), 0u);
}

TEST_F(DnsClusterTest, FailuresBackOffAndAGoodAnswerBeginsAnew) {
  dns_->failure_base = milliseconds(1000);
  dns_->failure_max = milliseconds(3000);
  random_ = 5999;  // the end of each interval
  start();
  for (int expected : {999, 1999, 2999, 2999}) {
    fail("a.test");
    ASSERT_EQ(alarms_.delays().size(), 1u);
    EXPECT_EQ(alarms_.delays()[0].count(), expected);
    alarms_.ring(alarms_.delays()[0]);
  }
  answer("a.test", {"10.0.0.1"});
  alarms_.ring(milliseconds(5000));
  fail("a.test");
  EXPECT_THAT(alarms_.delays(), ElementsAre(milliseconds(999)));
}

TEST_F(DnsClusterTest, TheLeastTtlIsTheRateIfItIsToBe) {
  dns_->respect_ttl = true;
  dns_->refresh_jitter = milliseconds(100);
  random_ = 250;
  start();
  answer("a.test", {"10.0.0.1"}, 7);
  EXPECT_THAT(alarms_.delays(), ElementsAre(milliseconds(7050)));
  alarms_.ring(milliseconds(7050));
  answer("a.test", {"10.0.0.1"}, 0);
  EXPECT_THAT(alarms_.delays(), ElementsAre(milliseconds(5050))) << "0 would ask without pause";
}

TEST_F(DnsClusterTest, SeveralNamesEachWithTheirPlaceAndNoAddressTwice) {
  dns_->localities.resize(2);
  add("b.test", 1);
  start();
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(ready_, 0u) << "b.test has no answer yet";
  answer("b.test", {"10.0.0.1", "10.0.0.3"});
  EXPECT_EQ(ready_, 1u);
  EXPECT_THAT(addresses(0), ElementsAre("10.0.0.1:80"));
  EXPECT_THAT(addresses(1), ElementsAre("10.0.0.3:80"));
}

TEST_F(DnsClusterTest, NobodyWaitsForeverOrIfItIsNotWanted) {
  start();
  alarms_.ring(cluster_->connect_timeout);
  EXPECT_EQ(ready_, 1u);
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(ready_, 1u);
  dns_->wait_for_first = false;
  start();
  EXPECT_EQ(ready_, 2u);
}

TEST_F(DnsClusterTest, AFailureIsAnAnswerToo) {
  start();
  fail("a.test");
  EXPECT_EQ(ready_, 1u);
}

class LogicalDnsTest : public DnsClusterTest {
 protected:
  LogicalDnsTest() : DnsClusterTest(config::Cluster::Discovery::logical_dns) {}
};

TEST_F(LogicalDnsTest, OneEndpointWithTheFirstAddressAndTheOthersBehindIt) {
  start();
  answer("a.test", {"10.0.0.1", "10.0.0.2"});
  ASSERT_THAT(addresses(), ElementsAre("10.0.0.1:80"));
  const config::Endpoint& endpoint = *tested_->endpoints()->localities[0].endpoints[0];
  ASSERT_EQ(endpoint.additional_addresses.size(), 1u);
  EXPECT_EQ(endpoint.additional_addresses[0].text(), "10.0.0.2:80");
}

TEST_F(LogicalDnsTest, ItMovesWithItsStatisticsAndStaysWithoutAnAnswer) {
  start();
  answer("a.test", {"10.0.0.1"});
  StatsScopePtr stats = tested_->endpoints()->localities[0].endpoints[0]->stats;
  alarms_.ring(milliseconds(5000));
  answer("a.test", {"10.0.0.2"});
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.2:80"));
  EXPECT_EQ(tested_->endpoints()->localities[0].endpoints[0]->stats, stats);
  alarms_.ring(milliseconds(5000));
  answer("a.test", {});
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.2:80"));
}

}  // namespace
}  // namespace outrigger::dns
