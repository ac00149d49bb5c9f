// Statistics below a cluster's own, made when they are needed.
#include "proxy/upstream/code_stats.h"

#include <string>

#include <gtest/gtest.h>

#include "api/stats_cluster.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::upstream {
namespace {

TEST(CodeStats, AreTheClustersWithItsTags) {
  observe::StatsStore store;
  auto cluster =
      store.scope<ClusterStats>("cluster.shop.", "cluster.", {{"envoy.cluster_name", "shop"}});
  CodeStats stats;
  StatsScopePtr canary = stats.find(*cluster, "canary.", store);
  ASSERT_NE(canary, nullptr);
  EXPECT_EQ(canary->prefix(), "cluster.shop.canary.");
  EXPECT_EQ(canary->extracted_prefix(), "cluster.canary.");
  ASSERT_EQ(canary->tags().size(), 1u);
  EXPECT_EQ(canary->tags()[0].value, "shop");
  EXPECT_EQ(stats.find(*cluster, "canary.", store), canary);
}

TEST(CodeStats, ClientsCannotFillTheMemoryWithNames) {
  observe::StatsStore store;
  auto cluster = store.scope<ClusterStats>("cluster.shop.");
  CodeStats stats;
  for (size_t i = 0; i < CodeStats::kMost; ++i)
    ASSERT_NE(stats.find(*cluster, "n" + std::to_string(i) + ".", store), nullptr);
  EXPECT_EQ(stats.find(*cluster, "one-more.", store), nullptr);
  EXPECT_NE(stats.find(*cluster, "n0.", store), nullptr);
}

}  // namespace
}  // namespace outrigger::upstream
