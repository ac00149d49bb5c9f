#include "xds/fields.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "filters/registry.h"
#include "filters/registry_listener.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

const Descriptor* find(std::string_view name) {
  return DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(name));
}

std::vector<std::string> words(std::string_view text) {
  return absl::StrSplit(std::string(text), ' ', absl::SkipEmpty());
}

// Links the types in.
const Descriptor* bootstrap() {
  return envoy::config::bootstrap::v3::Bootstrap::descriptor();
}

TEST(Fields, EveryMessageAndFieldOfTheTableExists) {
  ASSERT_NE(bootstrap(), nullptr);
  std::set<std::string_view> seen;
  for (const FieldTable& table : field_tables()) {
    for (const WorkingFields& entry : table.working) {
      EXPECT_TRUE(seen.insert(entry.message).second) << entry.message << " is there twice";
      const Descriptor* type = find(entry.message);
      ASSERT_NE(type, nullptr) << entry.message;
      if (entry.fields == "*") continue;
      for (const std::string& name : words(entry.fields))
        EXPECT_NE(type->FindFieldByName(name), nullptr) << entry.message << "." << name;
    }
    for (const HarmlessField& entry : table.harmless) {
      const Descriptor* type = find(entry.message);
      ASSERT_NE(type, nullptr) << entry.message;
      EXPECT_NE(type->FindFieldByName(std::string(entry.field)), nullptr)
          << entry.message << "." << entry.field;
      EXPECT_EQ(support_of(entry.message, entry.field), Support::harmless)
          << entry.message << "." << entry.field;
    }
    // Types of filters whose descriptors are not there may be among them.
    for (const NoEffect& entry : table.no_effect) {
      EXPECT_TRUE(seen.insert(entry.message).second) << entry.message << " is there twice";
      EXPECT_TRUE(has_fields_entry(entry.message));
    }
  }
}

TEST(Fields, EveryMessageThatAWorkingFieldLeadsToIsInTheTable) {
  for (const FieldTable& table : field_tables()) {
    for (const WorkingFields& entry : table.working) {
      const Descriptor* type = find(entry.message);
      ASSERT_NE(type, nullptr);
      for (int i = 0; i < type->field_count(); ++i) {
        const FieldDescriptor* field = type->field(i);
        if (support_of(entry.message, field->name()) != Support::works) continue;
        const Descriptor* inner = field->message_type();
        if (field->is_map()) inner = inner->map_value()->message_type();
        if (inner == nullptr || inner->full_name().starts_with("google.protobuf.")) continue;
        EXPECT_TRUE(has_fields_entry(inner->full_name()))
            << inner->full_name() << " is reached by " << field->full_name();
      }
    }
  }
}

TEST(Fields, EveryFilterOfTheRegistryIsInTheTable) {
  for (const filters::HttpFilterEntry& filter : filters::http_filters()) {
    EXPECT_TRUE(has_fields_entry(filter.config_type)) << filter.config_type;
    if (filter.route_config_type == nullptr) continue;
    EXPECT_TRUE(has_fields_entry(filter.route_config_type)) << filter.route_config_type;
  }
}

TEST(Fields, EveryListenerFilterOfTheRegistryIsInTheTable) {
  for (const filters::ListenerFilterEntry& filter : filters::listener_filters())
    EXPECT_TRUE(has_fields_entry(filter.config_type)) << filter.config_type;
}

TEST(Fields, SupportOfAField) {
  EXPECT_EQ(support_of("envoy.config.cluster.v3.Cluster", "name"), Support::works);
  EXPECT_EQ(support_of("envoy.config.cluster.v3.Cluster.CommonLbConfig", "update_merge_window"),
            Support::harmless);
  EXPECT_EQ(support_of("envoy.config.cluster.v3.Cluster.CommonLbConfig", "override_host_status"),
            Support::works);
  EXPECT_EQ(support_of("envoy.config.core.v3.Node", "metadata"), Support::works);
  EXPECT_EQ(support_of("a.Message", "that_nobody_knows"), Support::unsupported);
  EXPECT_EQ(support_of("google.protobuf.Duration", "seconds"), Support::works);
  // Part of a longer name.
  EXPECT_EQ(support_of("envoy.config.cluster.v3.Cluster", "timeout"), Support::unsupported);
}

TEST(Fields, TheDocumentIsUpToDate) {
  if (std::getenv("OUTRIGGER_WRITE_DOCS") != nullptr)
    std::ofstream("docs/fields.md") << fields_document();
  std::ifstream file("docs/fields.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == fields_document())
      << "docs/fields.md is old: run it again with OUTRIGGER_WRITE_DOCS=1";
}

}  // namespace
}  // namespace outrigger::xds
