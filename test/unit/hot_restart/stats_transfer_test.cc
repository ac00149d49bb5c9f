// Counters and gauges from one process's store to another's.
#include "proxy/hot_restart/stats_transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/stats_cluster.h"
#include "api/stats_server.h"

namespace outrigger::hot_restart {
namespace {

using ::testing::IsEmpty;

struct Process {
  observe::StatsStore store;
  StatsScopePtr cluster = store.scope<ClusterStats>("cluster.a.");
  StatsScopePtr server = store.scope<ServerStats>("server.");
  ClusterStats& of_worker(unsigned worker) { return cluster->local<ClusterStats>(worker); }
  // As readers see them.
  template <class Read>
  uint64_t read(const StatsScopePtr& scope, std::string_view name, Read how) {
    for (const StatField& field : scope->layout().fields) {
      if (field.name == name) return how(static_cast<observe::StoredScope&>(*scope), field);
    }
    ADD_FAILURE() << name;
    return 0;
  }
  uint64_t counter(std::string_view name) {
    return read(cluster, name, [](auto& scope, auto& field) { return scope.counter(field); });
  }
  uint64_t gauge(const StatsScopePtr& scope, std::string_view name) {
    return read(scope, name, [](auto& of, auto& field) { return of.gauge(field); });
  }
};

TEST(StatsTransfer, CountersGrowOnAndAreSentOnce) {
  Process old, next;
  old.of_worker(0).upstream_rq_total.add(3);
  old.of_worker(1).upstream_rq_total.add(4);
  old.of_worker(0).upstream_rq.add(200, 5);
  next.of_worker(0).upstream_rq_total.add(10);
  StatsSender sender(old.store);
  StatsReceiver receiver(next.store);
  receiver.add(sender.take());
  EXPECT_EQ(next.counter("upstream_rq_total"), 17u);
  EXPECT_EQ(next.of_worker(StatsScope::kMainThread - 1).upstream_rq.value(200), 5u);
  EXPECT_THAT(sender.take(), IsEmpty());
  old.of_worker(1).upstream_rq_total.inc();
  receiver.add(sender.take());
  EXPECT_EQ(next.counter("upstream_rq_total"), 18u);
}

TEST(StatsTransfer, ResetCountersAreNotTakenBack) {
  Process old, next;
  old.of_worker(0).upstream_rq_total.add(9);
  StatsSender sender(old.store);
  StatsReceiver receiver(next.store);
  receiver.add(sender.take());
  old.store.reset_counters();
  old.of_worker(0).upstream_rq_total.add(2);
  receiver.add(sender.take());
  EXPECT_EQ(next.counter("upstream_rq_total"), 11u);
}

TEST(StatsTransfer, GaugesCountAsLongAsTheOtherLives) {
  Process old, next;
  old.of_worker(0).upstream_cx_active.set(5);
  old.server->local<ServerStats>(0).total_connections.set(7);
  old.server->local<ServerStats>(0).uptime.set(99);
  next.of_worker(0).upstream_cx_active.set(1);
  StatsSender sender(old.store);
  StatsReceiver receiver(next.store);
  receiver.add(sender.take());
  EXPECT_EQ(next.gauge(next.cluster, "upstream_cx_active"), 6u);
  EXPECT_EQ(next.gauge(next.server, "parent_connections"), 7u);
  EXPECT_EQ(next.gauge(next.server, "uptime"), 0u);
  old.of_worker(0).upstream_cx_active.set(2);
  receiver.add(sender.take());
  EXPECT_EQ(next.gauge(next.cluster, "upstream_cx_active"), 3u);
  receiver.forget_gauges();
  EXPECT_EQ(next.gauge(next.cluster, "upstream_cx_active"), 1u);
  EXPECT_EQ(next.gauge(next.server, "parent_connections"), 0u);
}

TEST(StatsTransfer, WhatHasNoPlaceYetWaits) {
  observe::StatsStore store;
  StatsReceiver receiver(store);
  receiver.add({{StatValue::Kind::counter, "cluster.later.", "upstream_rq_total", 4},
                {StatValue::Kind::counter, "cluster.later.", "nonsense", 4}});
  StatsScopePtr scope = store.scope<ClusterStats>("cluster.later.");
  receiver.add({});
  EXPECT_EQ(scope->local<ClusterStats>(StatsScope::kMainThread - 1).upstream_rq_total.value(), 4u);
}

TEST(StatsTransfer, WhichGaugesAccumulate) {
  for (const char* name : {"downstream_cx_active", "upstream_rq_pending_active", "streams_active",
                           "downstream_cx_tx_bytes_buffered", "total_connections"})
    EXPECT_TRUE(accumulates(name)) << name;
  for (const char* name : {"state", "live", "version", "membership_total", "uptime",
                           "total_listeners_active", "total_filter_chains_draining"})
    EXPECT_FALSE(accumulates(name)) << name;
}

}  // namespace
}  // namespace outrigger::hot_restart
