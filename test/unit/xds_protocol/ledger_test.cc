// What is remembered of a resource.
#include "xds/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

// Two pointers and a flag: there may be hundreds of thousands.
static_assert(sizeof(LedgerEntry) <= 24);

Resource version(const std::string& text, const std::string& octets) {
  Resource out;
  out.name = "a";
  out.version = text;
  out.body.set_type_url(std::string(kClusterType));
  out.body.set_value(octets);
  return out;
}

class LedgerTest : public ::testing::Test {
 protected:
  const LedgerEntry* entry() const {
    const auto* entries = ledger_.entries(kClusterType);
    if (entries == nullptr) return nullptr;
    auto at = entries->find("a");
    return at == entries->end() ? nullptr : &at->second;
  }
  Ledger ledger_;
};

TEST_F(LedgerTest, TheLastGoodOneStandsBesideTheLastBadOne) {
  ledger_.requested(kClusterType, "a");
  EXPECT_EQ(entry()->active(), nullptr);
  ledger_.activated(kClusterType, version("1", "one"));
  ledger_.rejected(kClusterType, version("2", "two"), "why");
  EXPECT_EQ(entry()->active()->body, "one");
  EXPECT_EQ(entry()->active()->version(), "1");
  EXPECT_EQ(entry()->rejected()->body, "two");
  EXPECT_EQ(entry()->rejected()->details, "why");
  ledger_.activated(kClusterType, version("3", "three"));
  EXPECT_EQ(entry()->active()->body, "three");
  EXPECT_EQ(entry()->rejected(), nullptr);
}

TEST_F(LedgerTest, OneThatWarmsLeavesTheActiveOneUntilItIsActive) {
  ledger_.activated(kClusterType, version("1", "one"));
  ledger_.rejected(kClusterType, version("2", "two"), "why");
  ledger_.warming(kClusterType, version("3", "three"));
  EXPECT_EQ(entry()->active()->body, "one");
  EXPECT_EQ(entry()->warming()->body, "three");
  EXPECT_EQ(entry()->rejected(), nullptr);
  ledger_.activated(kClusterType, version("3", "three"));
  EXPECT_EQ(entry()->warming(), nullptr);
}

TEST_F(LedgerTest, OneThatDrainsIsForgottenWhenItIsGone) {
  ledger_.activated(kClusterType, version("1", "one"));
  ledger_.draining(kClusterType, "a");
  EXPECT_EQ(entry()->active(), nullptr);
  EXPECT_EQ(entry()->draining()->body, "one");
  ledger_.activated(kClusterType, version("2", "two"));
  ledger_.drained(kClusterType, "a");
  EXPECT_EQ(entry()->draining(), nullptr);
  ledger_.draining(kClusterType, "a");
  ledger_.drained(kClusterType, "a");
  EXPECT_EQ(entry(), nullptr);
}

TEST_F(LedgerTest, ResourcesOfOneResponseShareItsVersion) {
  ledger_.activated(kClusterType, version("a long text that has a place of its own", "one"));
  const std::string* first = &entry()->active()->version();
  ledger_.activated(kClusterType, version("a long text that has a place of its own", "two"));
  EXPECT_EQ(&entry()->active()->version(), first);
}

TEST_F(LedgerTest, WhatDoesNotExistIsThereAgainWithItsNextVersion) {
  ledger_.missing(kClusterType, "a");
  EXPECT_TRUE(entry()->does_not_exist());
  ledger_.activated(kClusterType, version("1", "one"));
  EXPECT_FALSE(entry()->does_not_exist());
}

}  // namespace
}  // namespace outrigger::xds
