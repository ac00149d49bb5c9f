#include "envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using HeaderToMetadata = envoy::extensions::filters::http::header_to_metadata::v3::Config;

class HeaderToMetadataTest : public FilterTest {
 protected:
  // nullptr: nobody wrote it.
  const MetadataValue* found(std::string_view name_space, const std::string& key) {
    if (context.info().extras == nullptr) return nullptr;
    return context.info().extras->metadata.find(name_space, std::vector<std::string>{key});
  }
  std::string text(std::string_view name_space, const std::string& key) {
    const MetadataValue* value = found(name_space, key);
    return value == nullptr || value->string() == nullptr ? "(none)" : *value->string();
  }
  std::string error(const std::string& rule) {
    auto factory = try_compile<HeaderToMetadata>("request_rules { " + rule + " }");
    return factory.ok() ? "" : std::string(factory.status().message());
  }
};

TEST_F(HeaderToMetadataTest, TellsPresentHeadersFromMissingOnes) {
  HttpFilter& filter = make<HeaderToMetadata>(R"(
    request_rules { header: "X-Version" on_header_present { metadata_namespace: "envoy.lb" key: "version" }
                    on_header_missing { metadata_namespace: "envoy.lb" key: "default" value: "true" } remove: true }
    request_rules { header: "x-none" on_header_missing { key: "none" value: "yes" } })");
  http::HeaderMap& headers = context.make_request({{"x-version", "1"}, {"x-version", "2"}});
  filter.on_request_headers(context, headers, true);
  EXPECT_EQ(text("envoy.lb", "version"), "1,2");
  EXPECT_EQ(text("envoy.lb", "default"), "(none)");
  EXPECT_EQ(text("envoy.filters.http.header_to_metadata", "none"), "yes");
  EXPECT_EQ(headers.find("x-version"), nullptr);
}

TEST_F(HeaderToMetadataTest, ReadsCookiesAndIgnoresEmptyOnes) {
  HttpFilter& filter = make<HeaderToMetadata>(R"(
    request_rules { cookie: "session" on_header_present { metadata_namespace: "n" key: "s" } }
    request_rules { cookie: "empty" on_header_missing { metadata_namespace: "n" key: "e" value: "missing" } })");
  filter.on_request_headers(
      context, context.make_request({{"cookie", "a=b; session=\"abc\""}, {"cookie", "empty="}}),
      true);
  EXPECT_EQ(text("n", "s"), "abc");
  EXPECT_EQ(text("n", "e"), "missing");
}

TEST_F(HeaderToMetadataTest, RewritesAndConvertsValues) {
  HttpFilter& filter = make<HeaderToMetadata>(R"(
    stat_prefix: "p"
    request_rules { header: ":path" on_header_present { metadata_namespace: "n" key: "cluster"
        regex_value_rewrite { pattern { google_re2 {} regex: "^/(cluster[\\d\\w-]+)/?.*$" } substitution: "\\1" } } }
    request_rules { header: "n" on_header_present { metadata_namespace: "n" key: "number" type: NUMBER } }
    request_rules { header: "bad" on_header_present { metadata_namespace: "n" key: "bad" type: NUMBER } }
    request_rules { header: "b" on_header_present { metadata_namespace: "n" key: "decoded" encode: BASE64 } }
    request_rules { header: "bad" on_header_present { metadata_namespace: "n" key: "undecoded" encode: BASE64 } }
    request_rules { header: "v" on_header_present { metadata_namespace: "n" key: "value" type: PROTOBUF_VALUE encode: BASE64 } })");
  // The octets of a google.protobuf.Value with bool_value: true.
  filter.on_request_headers(context,
                            context.make_request({{":path", "/cluster-1/x"},
                                                  {"n", " 1.5 "},
                                                  {"bad", "***"},
                                                  {"b", "aGVsbG8"},
                                                  {"v", "IAE="}}),
                            true);
  EXPECT_EQ(text("n", "cluster"), "cluster-1");
  ASSERT_NE(found("n", "number"), nullptr);
  EXPECT_EQ(found("n", "number")->get(), MetadataValue::Variant(1.5));
  EXPECT_EQ(found("n", "bad"), nullptr);
  EXPECT_EQ(text("n", "decoded"), "hello");
  EXPECT_EQ(found("n", "undecoded"), nullptr);
  ASSERT_NE(found("n", "value"), nullptr);
  EXPECT_EQ(found("n", "value")->get(), MetadataValue::Variant(true));
  EXPECT_EQ(stat("http_filter_name.p.request_rules_processed"), 6);
  EXPECT_EQ(stat("http_filter_name.p.request_metadata_added"), 4);
  EXPECT_EQ(stat("http_filter_name.p.base64_decode_failed"), 1);
}

TEST_F(HeaderToMetadataTest, TakesNoValueThatIsTooLong) {
  HttpFilter& filter = make<HeaderToMetadata>(
      R"(stat_prefix: "p" response_rules { header: "x" on_header_present { key: "x" } })");
  http::HeaderMap& headers = context.make_response({{"x", std::string(8192, 'x')}});
  filter.on_response_headers(context, headers, true);
  EXPECT_EQ(found("envoy.filters.http.header_to_metadata", "x"), nullptr);
  EXPECT_EQ(stat("http_filter_name.p.header_value_too_long"), 1);
}

TEST_F(HeaderToMetadataTest, UsesTheRulesOfTheMostSpecificLevelAlone) {
  HttpFilter& filter = make<HeaderToMetadata>(
      R"(request_rules { header: "x" on_header_present { metadata_namespace: "n" key: "filter" } })");
  context.levels = {route_config<HeaderToMetadata>(
      R"(request_rules { header: "x" on_header_present { metadata_namespace: "n" key: "route" } })")};
  filter.on_request_headers(context, context.make_request({{"x", "1"}}), true);
  EXPECT_EQ(text("n", "route"), "1");
  EXPECT_EQ(text("n", "filter"), "(none)");
}

TEST_F(HeaderToMetadataTest, RefusesContradictions) {
  EXPECT_EQ(error(R"(on_header_present { key: "k" })"),
            "request_rules[0].header: it or cookie is needed");
  EXPECT_EQ(error(R"(header: "h" cookie: "c" on_header_present { key: "k" })"),
            "request_rules[0].cookie: cannot be set together with header");
  EXPECT_EQ(error(R"(header: "h")"),
            "request_rules[0].on_header_present: it or on_header_missing is needed");
  EXPECT_EQ(error(R"(cookie: "c" remove: true on_header_present { key: "k" })"),
            "request_rules[0].remove: a cookie cannot be removed");
  EXPECT_EQ(error(R"(header: "h" on_header_missing { key: "k" })"),
            "request_rules[0].on_header_missing.value: is required");
}

}  // namespace
}  // namespace outrigger::filters::test
