// What a DNS cache asks for, what it keeps and for how long, and who hears of it.
#include "proxy/dns/host_cache.h"

#include <deque>
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/dns/fake_dns.h"
#include "test/unit/support/cluster.h"

namespace outrigger::dns {
namespace {

using Asked = DnsCache::Asked;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Waiter final : public DnsWaiter {
 public:
  void on_dns_host(const CachedHostPtr& host) override {
    ++told;
    known = host;
    if (then) then();
  }
  std::string address() const {
    return known == nullptr || known->endpoint == nullptr ? "none"
                                                          : known->endpoint->address.text();
  }
  unsigned told = 0;
  CachedHostPtr known;
  std::function<void()> then;
};

class Watcher final : public DnsWatcher {
 public:
  void on_dns_change(const CachedHostPtr& host) override { changed.push_back(host->key); }
  void on_dns_removed(const std::string& key) override { removed.push_back(key); }
  std::vector<std::string> changed, removed;
};

class HostCacheTest : public testing::Test {
 protected:
  HostCache& cache() {
    if (cache_ == nullptr) {
      HostCache::Parts parts{config_,
                             dns_,
                             time_,
                             [this] { return time_.now; },
                             [this] { return dice_; },
                             2,
                             [this](unsigned, HostCache::Task task) { tasks_.push_back(task); },
                             [this](HostCache::Task task) { tasks_.push_back(task); },
                             scope_,
                             breaker_scope_,
                             [this] { ++changes_; }};
      cache_ = std::make_unique<HostCache>(std::move(parts));
    }
    return *cache_;
  }
  // What the threads have told each other.
  void run() {
    while (!tasks_.empty()) {
      HostCache::Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  Asked ask(std::string_view host, DnsWaiter& waiter, unsigned worker = 0) {
    Asked asked = cache().ask(worker, *DnsHostKey::parse(host, 80), waiter);
    run();
    return asked;
  }
  void answer(const std::string& name, std::vector<const char*> ips, int ttl = 60) {
    Answer answer;
    answer.ok = true;
    for (const char* ip : ips)
      answer.records.push_back({*net::Address::from_ip(ip, 0), seconds(ttl)});
    if (ips.empty()) answer.error = "Domain name not found";
    dns_.give(name, answer);
    run();
  }
  void fail(const std::string& name) {
    Answer answer;
    answer.error = "DNS server returned general failure";
    dns_.give(name, answer);
    run();
  }
  void pass(milliseconds time) {
    time_.pass(time);
    run();
  }
  // The host, with `address` at once.
  void know(const std::string& name, const char* address = "10.0.0.1", int ttl = 60) {
    Waiter waiter;
    ASSERT_EQ(ask(name, waiter), Asked::waiting);
    answer(name, {address}, ttl);
    ASSERT_EQ(waiter.told, 1u);
  }
  CachedHostPtr find(std::string_view key, unsigned worker = 0) {
    return cache().find(worker, key);
  }
  std::string address(std::string_view key, unsigned worker = 0) {
    CachedHostPtr host = find(key, worker);
    if (host == nullptr) return "unknown";
    return host->endpoint == nullptr ? "none" : host->endpoint->address.text();
  }
  void use(std::string_view key) { find(key)->used->note(time_.now); }
  uint64_t total(Counter DnsCacheStats::*counter) {
    uint64_t sum = 0;
    scope_->for_each_shard([&](const void* shard) {
      sum += (static_cast<const DnsCacheStats*>(shard)->*counter).value();
    });
    return sum;
  }
  DnsCacheBreakerStats& breaker() { return breaker_scope_->local<DnsCacheBreakerStats>(0); }

  config::DnsCacheConfig config_;
  FakeResolver dns_;
  FakeAlarms time_;
  uint64_t dice_ = 0;
  unsigned changes_ = 0;
  std::deque<HostCache::Task> tasks_;
  StatsScopePtr scope_ = outrigger::test::scope<DnsCacheStats>("dns_cache.x.");
  StatsScopePtr breaker_scope_ = outrigger::test::scope<DnsCacheBreakerStats>("");
  std::unique_ptr<HostCache> cache_;
};

TEST_F(HostCacheTest, TheFirstAskerWaitsAndThenEveryThreadKnows) {
  Waiter waiter;
  EXPECT_EQ(find("a.test:80"), nullptr);
  EXPECT_EQ(ask("A.test", waiter), Asked::waiting);
  EXPECT_THAT(dns_.asked, ElementsAre("a.test"));
  EXPECT_EQ(waiter.told, 0u);
  answer("a.test", {"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(waiter.address(), "10.0.0.1:80");
  EXPECT_EQ(waiter.known->endpoint->hostname, "a.test:80");
  ASSERT_EQ(waiter.known->endpoint->additional_addresses.size(), 1u);
  for (unsigned worker : {0u, 1u, StatsScope::kMainThread})
    EXPECT_EQ(address("a.test:80", worker), "10.0.0.1:80") << worker;
  EXPECT_EQ(cache().endpoints()->localities[0].endpoints.size(), 1u);
  EXPECT_EQ(changes_, 1u);
}

TEST_F(HostCacheTest, OneQuestionServesAllWhoWaitForItsAnswer) {
  Waiter one, two, of_another_thread;
  ask("a.test", one);
  ask("a.test", two);
  ask("a.test", of_another_thread, 1);
  EXPECT_THAT(dns_.asked, ElementsAre("a.test"));
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(one.told, 1u);
  EXPECT_EQ(two.told, 1u);
  EXPECT_EQ(of_another_thread.told, 1u);
  EXPECT_EQ(total(&DnsCacheStats::dns_query_attempt), 1u);
  EXPECT_EQ(total(&DnsCacheStats::dns_query_success), 1u);
  EXPECT_EQ(total(&DnsCacheStats::host_added), 1u);
  EXPECT_EQ(total(&DnsCacheStats::host_address_changed), 1u);
}

TEST_F(HostCacheTest, AThreadThatAsksWhileTheAnswerIsOnItsWayGetsIt) {
  Waiter one, two;
  ask("a.test", one);
  Answer good;
  good.ok = true;
  good.records.push_back({*net::Address::from_ip("10.0.0.1", 0), seconds(60)});
  dns_.give("a.test", good);
  EXPECT_EQ(cache().ask(1, *DnsHostKey::parse("a.test", 80), two), Asked::waiting);
  run();
  EXPECT_EQ(two.told, 1u);
  EXPECT_EQ(two.address(), "10.0.0.1:80");
}

TEST_F(HostCacheTest, PortsTellHostsApart) {
  know("a.test");
  Waiter waiter;
  ask("a.test:8080", waiter);
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(waiter.address(), "10.0.0.1:8080");
  EXPECT_EQ(cache().host_count(), 2u);
}

TEST_F(HostCacheTest, AnAddressNeedsNobodysAnswer) {
  Waiter waiter;
  ask("[::1]:90", waiter);
  EXPECT_EQ(waiter.address(), "[::1]:90");
  EXPECT_THAT(dns_.asked, IsEmpty());
  EXPECT_EQ(total(&DnsCacheStats::dns_query_success), 1u);
  pass(seconds(299));
  use("[::1]:90");
  pass(seconds(200));
  EXPECT_EQ(address("[::1]:90"), "[::1]:90");
  pass(seconds(600));
  EXPECT_EQ(address("[::1]:90"), "unknown");
}

TEST_F(HostCacheTest, AnAddressOfAFamilyThatIsNotAskedForIsLeftToTheResolver) {
  config_.family = Family::v4_only;
  Waiter waiter;
  ask("[::1]:90", waiter);
  EXPECT_THAT(dns_.asked, ElementsAre("::1"));
  answer("::1", {});
  EXPECT_EQ(waiter.address(), "none");
  ask("10.0.0.1", waiter);
  EXPECT_EQ(waiter.address(), "10.0.0.1:80");
}

TEST_F(HostCacheTest, WhoEndsMeanwhileIsNotTold) {
  Waiter gone;
  ask("a.test", gone);
  EXPECT_EQ(breaker().rq_pending_remaining.value(), 1023);
  cache().cancel(0, gone);
  EXPECT_EQ(breaker().rq_pending_remaining.value(), 1024);
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(gone.told, 0u);
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80");
}

TEST_F(HostCacheTest, OneWhoIsToldMayEndTheNext) {
  Waiter first, second;
  first.then = [&] { cache().cancel(0, second); };
  ask("a.test", first);
  ask("a.test", second);
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(first.told, 1u);
  EXPECT_EQ(second.told, 0u);
  EXPECT_EQ(breaker().rq_pending_remaining.value(), 1024);
}

TEST_F(HostCacheTest, ANameThatDoesNotExistIsKnownAsSuch) {
  Waiter waiter;
  ask("no.test", waiter);
  answer("no.test", {});
  EXPECT_EQ(waiter.told, 1u);
  EXPECT_EQ(waiter.address(), "none");
  EXPECT_EQ(waiter.known->details, "cares_norecords:Domain_name_not_found");
  EXPECT_EQ(total(&DnsCacheStats::dns_query_success), 1u) << "as Envoy counts";
  EXPECT_EQ(changes_, 0u);
  pass(seconds(59));
  EXPECT_EQ(dns_.asked.size(), 1u);
  pass(seconds(1));
  EXPECT_EQ(dns_.asked.size(), 2u) << "at dns_refresh_rate";
  answer("no.test", {"10.0.0.1"});
  EXPECT_EQ(address("no.test:80"), "10.0.0.1:80");
}

TEST_F(HostCacheTest, AFailureSaysWhy) {
  Waiter waiter;
  ask("a.test", waiter);
  fail("a.test");
  EXPECT_EQ(waiter.known->details, "cares_failure:DNS_server_returned_general_failure");
  EXPECT_EQ(total(&DnsCacheStats::dns_query_failure), 1u);
}

TEST_F(HostCacheTest, SilenceIsAFailureAfterTheTimeout) {
  config_.query_timeout = milliseconds(300);
  Waiter waiter;
  ask("a.test", waiter);
  pass(milliseconds(299));
  EXPECT_EQ(waiter.told, 0u);
  pass(milliseconds(1));
  EXPECT_EQ(waiter.told, 1u);
  EXPECT_EQ(waiter.known->details, "resolve_timeout");
  EXPECT_EQ(dns_.open(), 0u);
  EXPECT_EQ(total(&DnsCacheStats::dns_query_timeout), 1u);
  EXPECT_EQ(total(&DnsCacheStats::dns_query_failure), 1u);
}

TEST_F(HostCacheTest, AskedAgainWhenItsTtlEnds) {
  know("a.test", "10.0.0.1", 20);
  pass(seconds(19));
  EXPECT_EQ(dns_.asked.size(), 1u);
  pass(seconds(1));
  EXPECT_EQ(dns_.asked.size(), 2u);
  answer("a.test", {"10.0.0.9"}, 20);
  EXPECT_EQ(address("a.test:80", 1), "10.0.0.9:80");
  EXPECT_EQ(total(&DnsCacheStats::host_address_changed), 2u);
}

TEST_F(HostCacheTest, ButNotMoreOftenThanTheLeastRate) {
  know("a.test", "10.0.0.1", 0);
  pass(milliseconds(4999));
  EXPECT_EQ(dns_.asked.size(), 1u);
  pass(milliseconds(1));
  EXPECT_EQ(dns_.asked.size(), 2u);
}

TEST_F(HostCacheTest, StatisticsStayWithAHostThatMoves) {
  know("a.test", "10.0.0.1", 20);
  StatsScopePtr before = find("a.test:80")->endpoint->stats;
  pass(seconds(20));
  answer("a.test", {"10.0.0.2"});
  EXPECT_EQ(find("a.test:80")->endpoint->stats, before);
}

TEST_F(HostCacheTest, AnAnswerThatSaysTheSameTellsNobody) {
  know("a.test", "10.0.0.1", 20);
  Watcher watcher;
  cache().watch(0, watcher);
  pass(seconds(20));
  answer("a.test", {"10.0.0.1"}, 20);
  EXPECT_THAT(watcher.changed, IsEmpty());
  pass(seconds(20));
  answer("a.test", {"10.0.0.2"}, 20);
  EXPECT_THAT(watcher.changed, ElementsAre("a.test:80"));
  cache().unwatch(0, watcher);
}

TEST_F(HostCacheTest, TheLastGoodAnswerOutlivesFailuresAndEmptyAnswers) {
  know("a.test", "10.0.0.1", 20);
  pass(seconds(20));
  fail("a.test");
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80");
  EXPECT_FALSE(cache().is_stale(*find("a.test:80")));
  pass(seconds(60));
  answer("a.test", {});
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80");
}

TEST_F(HostCacheTest, FailuresAreTriedAgainMoreAndMoreSeldom) {
  config_.failure_base = seconds(1);
  config_.failure_max = seconds(3);
  dice_ = 999;
  Waiter waiter;
  ask("a.test", waiter);
  fail("a.test");
  pass(milliseconds(999));
  EXPECT_EQ(dns_.asked.size(), 2u);
  dice_ = 1999;
  fail("a.test");
  pass(milliseconds(1998));
  EXPECT_EQ(dns_.asked.size(), 2u);
  pass(milliseconds(1));
  EXPECT_EQ(dns_.asked.size(), 3u);
  dice_ = 2999;
  fail("a.test");
  pass(milliseconds(2999));
  EXPECT_EQ(dns_.asked.size(), 4u);
}

TEST_F(HostCacheTest, WithoutRefreshAfterFailureTheNextRequestAsks) {
  config_.refresh_after_failure = false;
  know("a.test", "10.0.0.1", 20);
  pass(seconds(20));
  fail("a.test");
  EXPECT_TRUE(cache().is_stale(*find("a.test:80")));
  use("a.test:80");
  pass(seconds(200));
  EXPECT_EQ(dns_.asked.size(), 2u);
  Waiter waiter;
  ask("a.test", waiter);
  EXPECT_EQ(dns_.asked.size(), 3u);
  fail("a.test");
  EXPECT_EQ(waiter.told, 1u);
  EXPECT_EQ(waiter.address(), "10.0.0.1:80") << "the last good answer";
}

TEST_F(HostCacheTest, AHostThatNobodyUsesIsGivenUp) {
  Watcher watcher;
  cache().watch(1, watcher);
  know("a.test", "10.0.0.1", 60);
  for (int i = 0; i < 4; ++i) {
    pass(seconds(60));
    answer("a.test", {"10.0.0.1"}, 60);
  }
  pass(seconds(60));
  EXPECT_EQ(address("a.test:80", 0), "unknown");
  EXPECT_EQ(address("a.test:80", 1), "unknown");
  EXPECT_THAT(watcher.removed, ElementsAre("a.test:80"));
  EXPECT_EQ(total(&DnsCacheStats::host_removed), 1u);
  EXPECT_EQ(cache().host_count(), 0u);
  EXPECT_EQ(changes_, 2u);
}

TEST_F(HostCacheTest, OneInUseStays) {
  know("a.test", "10.0.0.1", 60);
  for (int i = 0; i < 20; ++i) {
    use("a.test:80");
    pass(seconds(60));
    answer("a.test", {"10.0.0.1"}, 60);
  }
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80");
}

TEST_F(HostCacheTest, ALongTtlDoesNotKeepAHostThatNobodyUses) {
  know("a.test", "10.0.0.1", 1'000'000);
  pass(seconds(300));
  EXPECT_EQ(cache().host_count(), 0u);
  know("b.test", "10.0.0.1", 1'000);
  for (int i = 0; i < 9; ++i) {
    use("b.test:80");
    pass(seconds(100));
  }
  EXPECT_EQ(dns_.asked.size(), 2u) << "it is looked at, but not asked for before its time";
  use("b.test:80");
  pass(seconds(100));
  EXPECT_EQ(dns_.asked.size(), 3u);
}

TEST_F(HostCacheTest, ThereIsNoRoomBeyondMaxHosts) {
  config_.max_hosts = 2;
  know("a.test");
  know("b.test");
  Waiter waiter;
  EXPECT_EQ(ask("c.test", waiter), Asked::no_room);
  EXPECT_EQ(total(&DnsCacheStats::host_overflow), 1u);
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80") << "those that are known still work";
  pass(seconds(60));
  answer("a.test", {"10.0.0.1"}, 1000);
  answer("b.test", {"10.0.0.1"}, 1000);
  pass(seconds(300));
  EXPECT_EQ(ask("c.test", waiter), Asked::waiting) << "nobody used the others";
}

TEST_F(HostCacheTest, ThreadsThatAskAtOnceDoNotExceedIt) {
  config_.max_hosts = 1;
  Waiter one, two;
  EXPECT_EQ(cache().ask(0, *DnsHostKey::parse("a.test", 80), one), Asked::waiting);
  EXPECT_EQ(cache().ask(1, *DnsHostKey::parse("b.test", 80), two), Asked::waiting);
  run();
  EXPECT_EQ(two.told, 1u);
  EXPECT_EQ(two.known, nullptr);
  EXPECT_EQ(one.told, 0u);
  EXPECT_EQ(cache().host_count(), 1u);
  EXPECT_EQ(total(&DnsCacheStats::host_overflow), 1u);
  EXPECT_EQ(breaker().rq_pending_remaining.value(), 1023);
}

TEST_F(HostCacheTest, NamesThatDoNotExistMakeRoom) {
  config_.max_hosts = 2;
  know("a.test");
  for (int i = 0; i < 5; ++i) {
    Waiter waiter;
    std::string name = "no" + std::to_string(i) + ".test";
    ASSERT_EQ(ask(name, waiter), Asked::waiting) << name;
    answer(name, {});
    EXPECT_EQ(cache().host_count(), 2u);
  }
  know("b.test");
  EXPECT_EQ(address("a.test:80"), "10.0.0.1:80");
  EXPECT_EQ(address("b.test:80"), "10.0.0.1:80");
}

TEST_F(HostCacheTest, SoManyWaitAndNoMore) {
  config_.max_pending_requests = 1;
  Waiter one, two;
  EXPECT_EQ(breaker().rq_pending_open.value(), 0);
  EXPECT_EQ(ask("a.test", one), Asked::waiting);
  EXPECT_EQ(breaker().rq_pending_open.value(), 1);
  EXPECT_EQ(ask("b.test", two), Asked::too_many_pending);
  EXPECT_EQ(ask("a.test", two, 1), Asked::too_many_pending) << "on every thread";
  EXPECT_EQ(total(&DnsCacheStats::dns_rq_pending_overflow), 2u);
  EXPECT_THAT(dns_.asked, ElementsAre("a.test"));
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(breaker().rq_pending_open.value(), 0);
  EXPECT_EQ(ask("b.test", two), Asked::waiting);
}

TEST_F(HostCacheTest, SomeAreAskedForBeforeAnybodyNamesThem) {
  config_.preresolved = {"a.test:443", "10.0.0.7:80"};
  config_.family = Family::v4_only;
  cache().start();
  run();
  EXPECT_THAT(dns_.asked, ElementsAre("a.test"));
  EXPECT_EQ(dns_.family, Family::v4_only);
  answer("a.test", {"10.0.0.1"});
  EXPECT_EQ(address("a.test:443", 1), "10.0.0.1:443");
  EXPECT_EQ(address("10.0.0.7:80", 1), "10.0.0.7:80");
}

TEST_F(HostCacheTest, AfterItsEndNothingIsAskedFor) {
  know("a.test");
  Waiter waiter;
  ask("b.test", waiter);
  cache().stop();
  EXPECT_EQ(dns_.open(), 0u);
  pass(seconds(1000));
  EXPECT_EQ(dns_.asked.size(), 2u);
  cache().cancel(0, waiter);
}

}  // namespace
}  // namespace outrigger::dns
