#include "envoy/extensions/filters/http/set_filter_state/v3/set_filter_state.pb.h"
#include "envoy/extensions/filters/http/set_metadata/v3/set_metadata.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using SetMetadata = envoy::extensions::filters::http::set_metadata::v3::Config;
using SetFilterState = envoy::extensions::filters::http::set_filter_state::v3::Config;

class SetMetadataTest : public FilterTest {
 protected:
  std::string text(const std::vector<std::string>& path) {
    const MetadataValue* value = context.info().extras->metadata.find("n", path);
    return value == nullptr || value->string() == nullptr ? "(none)" : *value->string();
  }
};

constexpr char kMerged[] = R"(
  metadata { metadata_namespace: "n" value { fields { key: "a" value { string_value: "1" } }
    fields { key: "o" value { struct_value { fields { key: "x" value { string_value: "x" } } } } }
    fields { key: "l" value { list_value { values { number_value: 1 } } } } } }
  metadata { metadata_namespace: "n" value { fields { key: "a" value { string_value: "ignored" } } } }
  metadata { metadata_namespace: "n" allow_overwrite: true value { fields { key: "a" value { string_value: "2" } }
    fields { key: "o" value { struct_value { fields { key: "y" value { string_value: "y" } } } } }
    fields { key: "l" value { list_value { values { number_value: 2 } } } } } })";

TEST_F(SetMetadataTest, MergesOnlyWhatMayOverwrite) {
  HttpFilter& filter = make<SetMetadata>(kMerged);
  filter.on_request_headers(context, context.make_request({}), true);
  EXPECT_EQ(text({"a"}), "2");
  EXPECT_EQ(text({"o", "x"}), "x");
  EXPECT_EQ(text({"o", "y"}), "y");
  const MetadataValue* list =
      context.info().extras->metadata.find("n", std::vector<std::string>{"l"});
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->get(),
            MetadataValue::Variant(MetadataList{MetadataValue(1.0), MetadataValue(2.0)}));
}

TEST_F(SetMetadataTest, KnowsTheFieldsOfBefore) {
  HttpFilter& filter = make<SetMetadata>(
      R"(metadata_namespace: "n" value { fields { key: "a" value { string_value: "1" } } })");
  filter.on_request_headers(context, context.make_request({}), true);
  EXPECT_EQ(text({"a"}), "1");
}

class SetFilterStateTest : public FilterTest {
 protected:
  std::string state(std::string_view name) {
    if (context.info().extras == nullptr) return "(none)";
    const std::string* value = context.info().extras->filter_state.find(name);
    return value == nullptr ? "(none)" : *value;
  }
};

TEST_F(SetFilterStateTest, MakesObjectsOfFormats) {
  HttpFilter& filter = make<SetFilterState>(R"(
    on_request_headers { object_key: "my.key" factory_key: "envoy.string"
      format_string { text_format_source { inline_string: "<%REQ(x)%>" } } }
    on_request_headers { object_key: "envoy.network.ip"
      format_string { text_format_source { inline_string: "%REQ(ip)%" } } }
    on_request_headers { object_key: "empty" factory_key: "envoy.string" skip_if_empty: true
      format_string { text_format_source { inline_string: "%REQ(none)%" } omit_empty_values: true } })");
  filter.on_request_headers(context, context.make_request({{"x", "1"}, {"ip", "no address"}}),
                            true);
  EXPECT_EQ(state("my.key"), "<1>");
  EXPECT_EQ(state("envoy.network.ip"), "(none)");
  EXPECT_EQ(state("empty"), "(none)");
}

TEST_F(SetFilterStateTest, AppliesAllLevelsButChangesNothingThatIsReadOnly) {
  constexpr char kValue[] = R"(on_request_headers { object_key: "%s" factory_key: "envoy.string" %s
      format_string { text_format_source { inline_string: "%s" } } })";
  auto value = [&](const char* key, const char* more, const char* text) {
    char out[512];
    snprintf(out, sizeof(out), kValue, key, more, text);
    return std::string(out);
  };
  HttpFilter& filter = make<SetFilterState>(value("fixed", "read_only: true", "filter") +
                                            value("free", "", "filter"));
  context.levels = {
      route_config<SetFilterState>(value("fixed", "", "host") + value("free", "", "host")),
      route_config<SetFilterState>(value("free", "", "route"))};
  filter.on_request_headers(context, context.make_request({}), true);
  EXPECT_EQ(state("fixed"), "filter");
  EXPECT_EQ(state("free"), "route");
}

TEST_F(SetFilterStateTest, SplitsUpstreamConnectionsByAHashableString) {
  HttpFilter& filter = make<SetFilterState>(R"(
    on_request_headers { object_key: "k" factory_key: "envoy.hashable_string" shared_with_upstream: ONCE
      format_string { text_format_source { inline_string: "%REQ(x)%" } } }
    on_request_headers { object_key: "other" factory_key: "envoy.hashable_string"
      format_string { text_format_source { inline_string: "%REQ(x)%" } } })");
  filter.on_request_headers(context, context.make_request({{"x", "abc"}}), true);
  EXPECT_EQ(context.info().extras->filter_state.shared_identity(), "3:abc");
}

TEST_F(SetFilterStateTest, RefusesAnObjectThatNobodyKnows) {
  auto factory = try_compile<SetFilterState>(R"(on_request_headers { object_key: "my.key"
      format_string { text_format_source { inline_string: "x" } } })");
  ASSERT_FALSE(factory.ok());
  EXPECT_EQ(factory.status().message(),
            "on_request_headers[0].object_key: Outrigger has no object factory 'my.key'");
}

}  // namespace
}  // namespace outrigger::filters::test
