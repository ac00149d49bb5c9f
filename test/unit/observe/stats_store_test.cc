#include "proxy/observe/stats_store.h"

#include <thread>

#include <gtest/gtest.h>

#include "test/unit/observe/stats_fixture.h"

namespace outrigger::observe {
namespace {

const StatField& field(std::string_view name, StatKind kind) {
  for (const StatField& f : SampleStats::layout().fields) {
    if (f.name == name && f.kind == kind) return f;
  }
  static const StatField none{};
  ADD_FAILURE() << "no field " << name;
  return none;
}

TEST(StatsStore, GivesTheSameScopeForTheSameName) {
  StatsStore store;
  StatsScopePtr first = cluster_scope(store, "a");
  EXPECT_EQ(first, cluster_scope(store, "a"));
  EXPECT_NE(first, cluster_scope(store, "b"));
  EXPECT_NE(first, store.scope<NestedStats>("cluster.a."));
}

TEST(StatsStore, ForgetsTheScopesOfARemovedCluster) {
  StatsStore store;
  StatsScopePtr stays = cluster_scope(store, "a");
  StatsScopePtr goes = cluster_scope(store, "b");
  goes->local<SampleStats>(0).upstream_rq_total.inc();
  EXPECT_EQ(store.size(), 2u);
  goes.reset();
  EXPECT_EQ(store.size(), 1u);
  // A cluster of the same name that comes back starts from zero.
  goes = cluster_scope(store, "b");
  EXPECT_FALSE(goes->used());
}

TEST(StatsStore, LetsAScopeOutliveIt) {
  StatsScopePtr scope;
  {
    StatsStore store;
    scope = cluster_scope(store, "a");
  }
  scope->local<SampleStats>(0).upstream_rq_total.inc();
  EXPECT_EQ(scope->prefix(), "cluster.a.");
}

TEST(StatsStore, ListsScopesByName) {
  StatsStore store;
  std::vector<StatsScopePtr> held = {cluster_scope(store, "zebra"), cluster_scope(store, "ant"),
                                     store.scope<NestedStats>("cluster.ant.http2.")};
  std::vector<std::string> names;
  for (const auto& scope : store.scopes()) names.emplace_back(scope->prefix());
  EXPECT_EQ(names,
            (std::vector<std::string>{"cluster.ant.", "cluster.ant.http2.", "cluster.zebra."}));
}

TEST(StatsStore, SumsTheShardsOfAllWorkers) {
  StatsStore store;
  StatsScopePtr scope = cluster_scope(store, "a");
  for (unsigned worker = 0; worker < 3; ++worker) {
    auto& shard = scope->local<SampleStats>(worker);
    shard.upstream_rq_total.add(worker + 1);
    shard.upstream_cx_active.add(worker == 0 ? 5 : -2);  // closed on another thread
    shard.upstream_rq.inc(200);
    shard.upstream_rq_time.record(worker);
  }
  StoredScopePtr stored = store.scopes().front();
  EXPECT_EQ(stored->counter(field("upstream_rq_total", StatKind::counter)), 6u);
  EXPECT_EQ(stored->gauge(field("upstream_cx_active", StatKind::gauge)), 1u);
  EXPECT_EQ(stored->code(field("upstream_rq", StatKind::codes), 200), 3u);
  EXPECT_EQ(stored->histogram(field("upstream_rq_time", StatKind::histogram)).count(), 3u);
}

TEST(StatsStore, ResetsCountersWithoutTouchingTheWorkers) {
  StatsStore store;
  StatsScopePtr scope = cluster_scope(store, "a");
  auto& shard = scope->local<SampleStats>(0);
  shard.upstream_rq_total.add(7);
  shard.upstream_rq.inc(503);
  shard.upstream_cx_active.set(4);
  shard.upstream_rq_time.record(9);
  store.reset_counters();

  EXPECT_EQ(shard.upstream_rq_total.value(), 7u);
  StoredScopePtr stored = store.scopes().front();
  const StatField& total = field("upstream_rq_total", StatKind::counter);
  EXPECT_EQ(stored->counter(total), 0u);
  EXPECT_EQ(stored->code(field("upstream_rq", StatKind::codes), 503), 0u);
  EXPECT_EQ(stored->gauge(field("upstream_cx_active", StatKind::gauge)), 4u);
  EXPECT_EQ(stored->histogram(field("upstream_rq_time", StatKind::histogram)).count(), 1u);

  shard.upstream_rq_total.inc();
  shard.upstream_rq.inc(503);
  EXPECT_EQ(stored->counter(total), 1u);
  EXPECT_EQ(stored->code(field("upstream_rq", StatKind::codes), 503), 1u);
  // It was used, though it reads 0 after a reset.
  store.reset_counters();
  EXPECT_TRUE(stored->used(total));
}

TEST(StatsStore, RemembersThatAGaugeWasWritten) {
  StatsStore store;
  StatsScopePtr scope = cluster_scope(store, "a");
  auto& shard = scope->local<SampleStats>(0);
  StoredScopePtr stored = store.scopes().front();
  const StatField& active = field("upstream_cx_active", StatKind::gauge);
  EXPECT_FALSE(stored->used(active));
  shard.upstream_cx_active.inc();
  shard.upstream_cx_active.dec();
  EXPECT_TRUE(stored->used(active));
  EXPECT_EQ(stored->gauge(active), 0u);
}

TEST(StatsStore, SplitsHistogramsIntoFlushIntervals) {
  StatsStore store;
  StatsScopePtr scope = cluster_scope(store, "a");
  auto& time = scope->local<SampleStats>(0).upstream_rq_time;
  const StatField& f = field("upstream_rq_time", StatKind::histogram);
  StoredScopePtr stored = store.scopes().front();

  time.record(10);
  EXPECT_EQ(stored->histogram_interval(f).count(), 0u);
  store.flush();
  EXPECT_EQ(stored->histogram_interval(f).count(), 1u);
  time.record(20);
  time.record(20);
  store.flush();
  EXPECT_EQ(stored->histogram_interval(f).count(), 2u);
  store.flush();
  EXPECT_EQ(stored->histogram_interval(f).count(), 0u);
  EXPECT_EQ(stored->histogram(f).count(), 3u);
}

TEST(StatsStore, SurvivesScopesThatEndOnOtherThreads) {
  StatsStore store;
  std::thread worker([&] {
    for (int i = 0; i < 2000; ++i) cluster_scope(store, "a")->local<SampleStats>(1);
  });
  for (int i = 0; i < 2000; ++i) {
    StatsScopePtr scope = cluster_scope(store, "a");
    ASSERT_EQ(scope->prefix(), "cluster.a.");
    for (const auto& held : store.scopes()) ASSERT_EQ(held->prefix(), "cluster.a.");
  }
  worker.join();
  EXPECT_EQ(store.size(), 0u);
}

TEST(StatsScope, KeepsTagsThatAreNotInItsPrefix) {
  StatsStore store;
  StatsScopePtr odd = store.scope<NestedStats>("x.", "y.", {{"envoy.cluster_name", "elsewhere"}});
  EXPECT_EQ(odd->extracted_prefix(), "y.");
  ASSERT_EQ(odd->tags().size(), 1u);
  EXPECT_EQ(odd->tags()[0].value, "elsewhere");

  StatsScopePtr twins = store.scope<NestedStats>(
      "listener.admin.http.admin.", "listener.http.",
      {{"envoy.http_conn_manager_prefix", "admin"}, {"envoy.listener_address", "admin"}});
  EXPECT_EQ(twins->extracted_prefix(), "listener.http.");
  EXPECT_EQ(twins->tags().size(), 2u);

  StatsScopePtr usual = store.scope<NestedStats>(
      "listener.10.0.0.1_80.http.in.", "listener.http.",
      {{"envoy.http_conn_manager_prefix", "in"}, {"envoy.listener_address", "10.0.0.1_80"}});
  EXPECT_EQ(usual->extracted_prefix(), "listener.http.");
  EXPECT_EQ(usual->tags()[1].value, "10.0.0.1_80");
}

}  // namespace
}  // namespace outrigger::observe
