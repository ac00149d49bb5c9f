#include "proxy/admin/runtime_store.h"

#include "gtest/gtest.h"

namespace outrigger::admin {
namespace {

using Override = std::pair<std::string, std::string>;

TEST(RuntimeValue, IsReadInEveryWayThatItCanBe) {
  EXPECT_EQ(read_runtime_value("7").number, 7u);
  EXPECT_EQ(read_runtime_value("7").decimal, 7.0);
  EXPECT_EQ(read_runtime_value("1.5").number, std::nullopt);
  EXPECT_EQ(read_runtime_value("1.5").decimal, 1.5);
  EXPECT_EQ(read_runtime_value("1e3").number, 1000u);
  EXPECT_EQ(read_runtime_value("-2").number, std::nullopt);
  EXPECT_EQ(read_runtime_value("nan").decimal, std::nullopt);
  EXPECT_EQ(read_runtime_value("18446744073709551615").number, 18446744073709551615u);
  EXPECT_EQ(read_runtime_value("1e300").number, std::nullopt);
  EXPECT_EQ(read_runtime_value("true").boolean, true);
  EXPECT_EQ(read_runtime_value("false").boolean, false);
  EXPECT_EQ(read_runtime_value("yes").boolean, std::nullopt);
  EXPECT_EQ(read_runtime_value("").number, std::nullopt);
}

TEST(RuntimeValue, FractionsAreOfAMillion) {
  EXPECT_EQ(read_runtime_value(R"({"numerator": 5})").per_million, 50'000u);
  EXPECT_EQ(read_runtime_value(R"({"numerator":5,"denominator":"TEN_THOUSAND"})").per_million,
            500u);
  EXPECT_EQ(read_runtime_value(R"({"numerator":5,"denominator":"MILLION"})").per_million, 5u);
  EXPECT_EQ(read_runtime_value(R"({"numerator":500})").per_million, 1'000'000u);
  EXPECT_EQ(read_runtime_value(R"({"numerator":"x"})").per_million, std::nullopt);
  EXPECT_EQ(read_runtime_value("{").per_million, std::nullopt);
  EXPECT_EQ(read_runtime_value("5").per_million, std::nullopt);
}

TEST(RuntimeSnapshot, GivesTheFallbackWhereAValueDoesNotFit) {
  RuntimeStore store({{"base", {{"n", "30"}, {"text", "x"}, {"f", R"({"numerator":1})"}}, false}});
  auto snapshot = store.snapshot();
  EXPECT_EQ(snapshot->number("n", 9), 30u);
  EXPECT_EQ(snapshot->number("text", 9), 9u);
  EXPECT_EQ(snapshot->number("absent", 9), 9u);
  EXPECT_EQ(snapshot->per_million("n", 9), 300'000u);  // a plain number is a percentage
  EXPECT_EQ(snapshot->per_million("f", 9), 10'000u);
  EXPECT_EQ(snapshot->per_million("text", 9), 9u);
  EXPECT_TRUE(snapshot->boolean("n", true));
}

TEST(RuntimeStore, LaterLayersWin) {
  RuntimeStore store({{"a", {{"k", "1"}}, false}, {"b", {{"k", "2"}}, false}});
  EXPECT_EQ(store.snapshot()->number("k", 0), 2u);
}

TEST(RuntimeStore, OverridesAndTheirRemovalMakeNewSnapshots) {
  RuntimeStore store = RuntimeStore({{"base", {{"n", "1"}}, false}, {"admin", {}, true}});
  auto before = store.snapshot();
  const Override set[] = {{"n", "5"}, {"new", "6"}};
  ASSERT_TRUE(store.modify(set).ok());
  EXPECT_EQ(store.snapshot()->number("n", 0), 5u);
  EXPECT_EQ(store.snapshot()->number("new", 0), 6u);
  EXPECT_EQ(before->number("n", 0), 1u);  // who holds the old one is not disturbed
  const Override unset[] = {{"n", ""}, {"new", ""}};
  ASSERT_TRUE(store.modify(unset).ok());
  EXPECT_EQ(store.snapshot()->number("n", 0), 1u);
  EXPECT_EQ(store.snapshot()->find("new"), nullptr);
}

TEST(RuntimeStore, TellsItsListenerAtOnceAndOfEachChange) {
  RuntimeStore store({{"admin", {}, true}});
  std::vector<uint64_t> told;
  store.on_change([&](const config::RuntimeSnapshotPtr& s) { told.push_back(s->number("n", 0)); });
  const Override set[] = {{"n", "5"}};
  ASSERT_TRUE(store.modify(set).ok());
  EXPECT_EQ(told, (std::vector<uint64_t>{0, 5}));
}

TEST(RuntimeStore, CannotBeModifiedWithoutAnAdminLayer) {
  RuntimeStore store({{"base", {{"n", "1"}}, false}});
  const Override set[] = {{"n", "5"}};
  EXPECT_EQ(store.modify(set).message(), "No admin layer specified");
  EXPECT_EQ(store.snapshot()->number("n", 0), 1u);
}

}  // namespace
}  // namespace outrigger::admin
