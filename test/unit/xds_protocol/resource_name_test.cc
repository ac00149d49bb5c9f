// xdstp:// names and locators.
#include "xds/protocol/resource_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kName[] = "xdstp://auth/envoy.config.cluster.v3.Cluster/prod/a";

TEST(ResourceName, IsTakenApart) {
  auto name = parse_resource_name(std::string(kName) + "?b=2&a=1");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->authority, "auth");
  EXPECT_EQ(name->type, "envoy.config.cluster.v3.Cluster");
  EXPECT_EQ(name->id, "prod/a");
  EXPECT_THAT(name->context, ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_FALSE(name->is_collection());
  EXPECT_TRUE(parse_resource_name("xdstp://auth/t/prod/*")->is_collection());
  EXPECT_TRUE(parse_resource_name("xdstp:///t/*")->is_collection());
}

TEST(ResourceName, EqualNamesAreWrittenEqually) {
  EXPECT_EQ(canonical_name(std::string(kName) + "?b=2&a=1"), std::string(kName) + "?a=1&b=2");
  EXPECT_EQ(canonical_name("xdstp://a%75th/t/%61/b?%6b=%7a"), "xdstp://auth/t/a/b?k=z");
  EXPECT_EQ(canonical_name("xdstp://auth/t/a%20b?k=1%262&e"), "xdstp://auth/t/a%20b?e=&k=1%262");
  EXPECT_EQ(canonical_name("xdstp://auth/t/a%2"), "xdstp://auth/t/a%252") << "no escape";
  EXPECT_EQ(canonical_name("xdstp://auth/t/a?k=1&k=2"), "xdstp://auth/t/a?k=1");
  EXPECT_EQ(canonical_name("xdstp://auth/t"), "xdstp://auth/t");
  // What is none stays as it is.
  EXPECT_EQ(canonical_name("backend?b=2&a=1"), "backend?b=2&a=1");
  EXPECT_EQ(canonical_name("xdstp://auth"), "xdstp://auth");
}

TEST(ResourceName, SaysWhatIsWrong) {
  EXPECT_THAT(std::string(parse_resource_name("xdstp://auth").status().message()),
              HasSubstr("Resource type missing from xdstp://auth"));
  EXPECT_THAT(std::string(parse_resource_name("xdstp://a/t/b#entry=c").status().message()),
              HasSubstr("directives are not supported"));
  EXPECT_THAT(std::string(parse_resource_name("file:///a").status().message()),
              HasSubstr("does not have an xdstp: scheme"));
  EXPECT_TRUE(parse_locator(kName, kClusterType).ok());
  EXPECT_THAT(
      std::string(parse_locator(kName, kListenerType).status().message()),
      HasSubstr("xdstp:// type does not match envoy.config.listener.v3.Listener in xdstp:"));
}

TEST(ResourceName, TheNodesParametersAreThoseThatAreNamed) {
  envoy::config::core::v3::Node node;
  node.set_id("one");
  node.set_cluster("shop");
  node.mutable_locality()->set_zone("z");
  auto& fields = *node.mutable_metadata()->mutable_fields();
  fields["text"].set_string_value("a");
  fields["flag"].set_bool_value(true);
  google::protobuf::RepeatedPtrField<std::string> names;
  for (const char* name : {"id", "locality.zone", "metadata"}) names.Add(name);
  EXPECT_THAT(
      *node_context(node, names),
      ElementsAre(Pair("xds.node.id", "one"), Pair("xds.node.locality.zone", "z"),
                  Pair("xds.node.metadata.flag", "true"), Pair("xds.node.metadata.text", "\"a\"")));
  names.Add("color");
  EXPECT_EQ(std::string(node_context(node, names).status().message()),
            "node_context_params[3]: there is no parameter 'color' of the node");
}

}  // namespace
}  // namespace outrigger::xds
