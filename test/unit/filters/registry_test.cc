#include "filters/registry.h"

#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include <gtest/gtest.h>

namespace outrigger::filters {
namespace {

TEST(Registry, NamesMessagesThatExistAndEachOnce) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  std::set<std::string> names;
  std::set<std::string> types;
  for (const HttpFilterEntry& entry : http_filters()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(types.insert(entry.config_type).second) << entry.config_type;
    EXPECT_NE(pool->FindMessageTypeByName(entry.config_type), nullptr) << entry.config_type;
    EXPECT_EQ(find_http_filter(entry.config_type), &entry);
    EXPECT_EQ(entry.route_config_type == nullptr, entry.compile_route == nullptr) << entry.name;
    if (entry.route_config_type == nullptr) continue;
    EXPECT_NE(pool->FindMessageTypeByName(entry.route_config_type), nullptr);
    EXPECT_EQ(find_http_filter_of_route_config(entry.route_config_type), &entry);
  }
}

TEST(Registry, DoesNotKnowOtherTypes) {
  EXPECT_EQ(find_http_filter("envoy.extensions.filters.http.wasm.v3.Wasm"), nullptr);
  EXPECT_EQ(find_http_filter_of_route_config("google.protobuf.Struct"), nullptr);
}

}  // namespace
}  // namespace outrigger::filters
