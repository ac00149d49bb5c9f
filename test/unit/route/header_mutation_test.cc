#include "proxy/route/header_mutation.h"

#include <vector>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using Action = config::HeaderAddition::Action;

config::SubstitutionFormat literal(std::string text) {
  config::LogCommand command;
  command.text = std::move(text);
  return {command};
}

config::HeaderAddition addition(std::string name, std::string value,
                                Action action = Action::append_if_exists_or_add) {
  config::HeaderAddition out;
  out.name = std::move(name);
  if (!value.empty()) out.value = literal(std::move(value));
  out.action = action;
  return out;
}

// Answers %REQ(name)% from the message under test.
struct FromMessage final : ValueSource {
  explicit FromMessage(TestMessage& test) : message(test) {}
  std::string_view value(const config::SubstitutionFormat& format) override {
    return message.headers.get(format.front().text);
  }
  TestMessage& message;
};

std::vector<std::string> values(const TestMessage& message, std::string_view name) {
  std::vector<std::string> out;
  for (const http::HeaderField& field : message.headers.fields()) {
    if (field.name == name) out.emplace_back(field.value);
  }
  return out;
}

void run(TestMessage& message, config::HeaderMutations mutations) {
  FromMessage source(message);
  apply(mutations, message.headers, source);
  // The views point into `mutations`, which ends here.
  std::vector<std::pair<std::string, std::string>> copy;
  for (const auto& field : message.headers.fields()) copy.emplace_back(field.name, field.value);
  message.headers.clear();
  for (const auto& [name, value] : copy) message.headers.add_copy(name, value);
}

using Strings = std::vector<std::string>;

TEST(HeaderMutation, AppendsOverwritesOrAddsAsTold) {
  TestMessage message{{"x-append", "0"},
                      {"x-overwrite", "0"},
                      {"x-overwrite", "00"},
                      {"x-if-absent", "0"},
                      {"x-if-exists", "0"}};
  run(message,
      {{addition("x-append", "1"), addition("x-overwrite", "1", Action::overwrite_if_exists_or_add),
        addition("x-if-absent", "1", Action::add_if_absent),
        addition("x-if-exists", "1", Action::overwrite_if_exists),
        addition("x-new", "1", Action::overwrite_if_exists_or_add),
        addition("x-new-too", "1", Action::add_if_absent),
        addition("x-not-there", "1", Action::overwrite_if_exists)},
       {}});
  EXPECT_EQ(values(message, "x-append"), (Strings{"0", "1"}));
  EXPECT_EQ(values(message, "x-overwrite"), (Strings{"1"}));
  EXPECT_EQ(values(message, "x-if-absent"), (Strings{"0"}));
  EXPECT_EQ(values(message, "x-if-exists"), (Strings{"1"}));
  EXPECT_EQ(values(message, "x-new"), (Strings{"1"}));
  EXPECT_EQ(values(message, "x-new-too"), (Strings{"1"}));
  EXPECT_FALSE(message.has("x-not-there"));
}

TEST(HeaderMutation, ExtendsTheValueOfAHeaderThatHasOneFieldOnly) {
  TestMessage message{{"user-agent", "curl"}, {"cookie", "a=b"}};
  run(message, {{addition("user-agent", "ours"), addition("cookie", "c=d")}, {}});
  EXPECT_EQ(values(message, "user-agent"), (Strings{"curl,ours"}));
  EXPECT_EQ(values(message, "cookie"), (Strings{"a=b", "c=d"}));
}

TEST(HeaderMutation, RemovesFirst) {
  TestMessage message{{"x", "0"}, {"y", "0"}};
  run(message, {{addition("x", "1")}, {"x", "y"}});
  EXPECT_EQ(values(message, "x"), (Strings{"1"}));
  EXPECT_FALSE(message.has("y"));
}

TEST(HeaderMutation, AddsAnEmptyValueOnlyIfTold) {
  config::HeaderAddition kept = addition("x-kept", "");
  kept.keep_empty_value = true;
  TestMessage message{};
  run(message, {{addition("x-dropped", ""), kept}, {}});
  EXPECT_FALSE(message.has("x-dropped"));
  EXPECT_TRUE(message.has("x-kept"));
}

TEST(HeaderMutation, ComputesAllValuesBeforeTheFirstChange) {
  config::HeaderAddition copied = addition("x-copy", "");
  copied.value = {config::LogCommand{config::LogField::request_header, "x", "", {}}};
  TestMessage message{{"x", "before"}};
  run(message, {{addition("x", "after", Action::overwrite_if_exists_or_add), copied}, {}});
  EXPECT_EQ(message.get("x"), "after");
  EXPECT_EQ(message.get("x-copy"), "before");
}

struct AllLevels {
  AllLevels() {
    auto level = [](const char* name) {
      return config::HeaderMutations{
          {addition("x-list", name), addition("x-last", name, Action::overwrite_if_exists_or_add)},
          {}};
    };
    table.request_headers = table.response_headers = level("table");
    host.request_headers = host.response_headers = level("host");
    route.request_headers = route.response_headers = level("route");
    weighted.request_headers = weighted.response_headers = level("weighted");
  }
  MutationLevels levels() const { return {&table, &host, &route, &weighted}; }

  config::RouteTable table;
  config::VirtualHost host;
  config::Route route;
  config::WeightedCluster weighted;
};

TEST(HeaderLevels, TheTableHasTheLastWordByDefault) {
  AllLevels all;
  TestMessage request{{":authority", "old"}};
  FromMessage source(request);
  mutate_request(all.levels(), request.headers, source);
  EXPECT_EQ(values(request, "x-list"), (Strings{"weighted", "route", "host", "table"}));
  EXPECT_EQ(request.get("x-last"), "table");
}

TEST(HeaderLevels, TheRouteHasItWhenTheMostSpecificWins) {
  AllLevels all;
  all.table.most_specific_header_mutations_wins = true;
  TestMessage response{{":status", "200"}};
  FromMessage source(response);
  mutate_response(all.levels(), response.headers, source);
  EXPECT_EQ(values(response, "x-list"), (Strings{"weighted", "table", "host", "route"}));
  EXPECT_EQ(response.get("x-last"), "route");
}

TEST(HeaderLevels, AWeightedClusterMayRewriteTheHost) {
  AllLevels all;
  all.weighted.host_rewrite = "new";
  TestMessage request{{":authority", "old"}};
  FromMessage source(request);
  mutate_request(all.levels(), request.headers, source);
  EXPECT_EQ(request.get(":authority"), "new");
}

TEST(HeaderLevels, MissingLevelsAreSkipped) {
  AllLevels all;
  TestMessage response{{":status", "404"}};
  FromMessage source(response);
  mutate_response({&all.table, nullptr, nullptr, nullptr}, response.headers, source);
  EXPECT_EQ(values(response, "x-list"), (Strings{"table"}));
}

TEST(HeaderSteps, EachSeesWhatThoseBeforeItLeft) {
  TestMessage request{{":path", "/"}, {"x-a", "1"}, {"x-drop-1", "1"}, {"x-drop-2", "2"}};
  FromMessage source(request);
  config::HeaderRemovalByMatch match;
  match.name.kind = config::StringMatcher::Kind::prefix;
  match.name.text = "x-drop";
  config::HeaderRemovalByMatch everything;
  everything.name.kind = config::StringMatcher::Kind::prefix;
  everything.name.text = ":";
  const std::vector<config::HeaderStep> steps{
      // the names and values are borrowed from them
      addition("x-b", "2"),
      addition("x-b", "3", Action::add_if_absent),
      addition("x-a", "4", Action::overwrite_if_exists),
      addition("x-c", "5", Action::overwrite_if_exists),
      config::HeaderRemoval{"x-b"},
      addition("x-b", "6", Action::overwrite_if_exists_or_add),
      addition("x-b", "7"),
      match,
      everything};
  apply(steps, request.headers, source);
  EXPECT_EQ(values(request, "x-a"), (Strings{"4"}));
  EXPECT_EQ(values(request, "x-b"), (Strings{"6", "7"}));
  EXPECT_FALSE(request.has("x-c"));
  EXPECT_FALSE(request.has("x-drop-1"));
  EXPECT_FALSE(request.has("x-drop-2"));
  EXPECT_EQ(request.get(":path"), "/");
}

}  // namespace
}  // namespace outrigger::route
