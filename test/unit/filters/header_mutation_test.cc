#include "envoy/extensions/filters/http/header_mutation/v3/header_mutation.pb.h"

#include "filters/http/header_mutation/query_mutation.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::header_mutation::v3::HeaderMutation;
using envoy::extensions::filters::http::header_mutation::v3::HeaderMutationPerRoute;

// A mutation of one of the lists of Mutations.
std::string append(const std::string& list, const std::string& name, const std::string& value,
                   const std::string& action = "APPEND_IF_EXISTS_OR_ADD",
                   const std::string& more = "") {
  return list + " { append { header { key: '" + name + "' value: '" + value +
         "' } append_action: " + action + " " + more + " } } ";
}
std::string query(const std::string& name, const std::string& value,
                  const std::string& action = "APPEND_IF_EXISTS_OR_ADD") {
  return "query_parameter_mutations { append { record { key: '" + name +
         "' value { string_value: '" + value + "' } } action: " + action + " } } ";
}
std::string mutations(const std::string& list) {
  return "mutations { " + list + " } ";
}

class HeaderMutationTest : public FilterTest {
 protected:
  HeaderMutationTest()
      : headers(context.make_request({{":method", "GET"},
                                      {":path", "/p?a=1&b=%20x&a=2"},
                                      {"x-user", "ann"},
                                      {"x-old", "1"}})) {}

  void mutate(const std::string& list, const std::string& more = "") {
    HttpFilter& filter = make<HeaderMutation>(mutations(list) + more);
    EXPECT_EQ(filter.on_request_headers(context, headers, true).kind(), Kind::next);
  }
  std::string path() const { return std::string(headers.get(http::HeaderId::path)); }
  std::string refusal(const std::string& list) {
    auto factory = try_compile<HeaderMutation>(mutations(list));
    return factory.ok() ? "" : std::string(factory.status().message());
  }

  http::HeaderMap& headers;
};

TEST_F(HeaderMutationTest, AppendsALineOrAdds) {
  mutate(append("request_mutations", "X-Old", "2") + append("request_mutations", "x-new", "3"));
  EXPECT_EQ(headers.count("x-old"), 2u);
  EXPECT_EQ(headers.get("x-new"), "3");
}

TEST_F(HeaderMutationTest, JoinsHeadersThatHaveOneLine) {
  headers.add("x-forwarded-for", "10.0.0.1");
  mutate(append("request_mutations", "x-forwarded-for", "10.0.0.2"));
  EXPECT_EQ(headers.get("x-forwarded-for"), "10.0.0.1,10.0.0.2");
}

TEST_F(HeaderMutationTest, AddsOnlyWhatIsAbsent) {
  mutate(append("request_mutations", "x-old", "2", "ADD_IF_ABSENT") +
         append("request_mutations", "x-new", "2", "ADD_IF_ABSENT"));
  EXPECT_EQ(headers.get("x-old"), "1");
  EXPECT_EQ(headers.count("x-old"), 1u);
  EXPECT_EQ(headers.get("x-new"), "2");
}

TEST_F(HeaderMutationTest, OverwritesOrAdds) {
  mutate(append("request_mutations", "x-old", "2", "OVERWRITE_IF_EXISTS_OR_ADD") +
         append("request_mutations", "x-new", "2", "OVERWRITE_IF_EXISTS_OR_ADD"));
  EXPECT_EQ(headers.get("x-old"), "2");
  EXPECT_EQ(headers.get("x-new"), "2");
}

TEST_F(HeaderMutationTest, OverwritesOnlyWhatExists) {
  mutate(append("request_mutations", "x-old", "2", "OVERWRITE_IF_EXISTS") +
         append("request_mutations", "x-new", "2", "OVERWRITE_IF_EXISTS"));
  EXPECT_EQ(headers.get("x-old"), "2");
  EXPECT_EQ(headers.find("x-new"), nullptr);
}

TEST_F(HeaderMutationTest, ValuesAreFormats) {
  mutate(append("request_mutations", "x-greeting", "hello %REQ(x-user)%"));
  EXPECT_EQ(headers.get("x-greeting"), "hello ann");
}

TEST_F(HeaderMutationTest, AnEmptyValueIsLeftOutUnlessKept) {
  mutate(append("request_mutations", "x-a", "%REQ(x-none)%") +
         append("request_mutations", "x-b", "%REQ(x-none)%", "ADD_IF_ABSENT",
                "keep_empty_value: true"));
  EXPECT_EQ(headers.find("x-a"), nullptr);
  ASSERT_NE(headers.find("x-b"), nullptr);
  EXPECT_EQ(headers.get("x-b"), "");
}

TEST_F(HeaderMutationTest, EachMutationSeesWhatThoseBeforeItDid) {
  mutate("request_mutations { remove: 'X-Old' } " +
         append("request_mutations", "x-old", "2", "ADD_IF_ABSENT"));
  EXPECT_EQ(headers.get("x-old"), "2");
}

TEST_F(HeaderMutationTest, RemovesByNameButNeverTheRequestLine) {
  mutate(
      "request_mutations { remove_on_match { key_matcher { safe_regex { regex: 'x-.*|:.*' } } } }");
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.get(http::HeaderId::method), "GET");
}

TEST_F(HeaderMutationTest, MutatesResponsesAndTrailersByTheirOwnLists) {
  HttpFilter& filter = make<HeaderMutation>(mutations(
      append("response_mutations", "x-r", "1") + append("request_trailers_mutations", "x-t", "2") +
      append("response_trailers_mutations", "x-u", "3")));
  filter.on_request_headers(context, headers, false);
  EXPECT_EQ(headers.find("x-r"), nullptr);
  http::HeaderMap& request_trailers = context.make_trailers({});
  filter.on_request_trailers(context, request_trailers);
  EXPECT_EQ(request_trailers.size(), 1u);
  EXPECT_EQ(request_trailers.get("x-t"), "2");
  http::HeaderMap& response = context.make_response({{":status", "200"}});
  filter.on_response_headers(context, response, false);
  EXPECT_EQ(response.get("x-r"), "1");
  http::HeaderMap& response_trailers = context.make_trailers({});
  filter.on_response_trailers(context, response_trailers);
  EXPECT_EQ(response_trailers.get("x-u"), "3");
}

TEST_F(HeaderMutationTest, TheLeastSpecificLevelHasTheLastWord) {
  auto level = [this](const std::string& value) {
    return route_config<HeaderMutationPerRoute>(
        mutations(append("request_mutations", "x-old", value, "OVERWRITE_IF_EXISTS")));
  };
  context.levels = {level("host"), level("route")};
  mutate(append("request_mutations", "x-old", "filter", "OVERWRITE_IF_EXISTS"));
  EXPECT_EQ(headers.get("x-old"), "host");
  mutate("", "most_specific_header_mutations_wins: true");
  EXPECT_EQ(headers.get("x-old"), "route");
}

TEST_F(HeaderMutationTest, AResponseWithoutRequestMeetsTheRoutesLevelsToo) {
  context.levels = {route_config<HeaderMutationPerRoute>(
      mutations(append("response_mutations", "x-r", "route")))};
  HttpFilter& filter = make<HeaderMutation>("");
  http::HeaderMap& response = context.make_response({{":status", "403"}});
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-r"), "route");
}

TEST_F(HeaderMutationTest, AppendsAQueryParameterEncoded) {
  mutate(query("new", "%REQ(x-user)% & co"));
  EXPECT_EQ(path(), "/p?a=1&b=%20x&a=2&new=ann%20%26%20co");
}

TEST_F(HeaderMutationTest, ChangesQueryParametersByAction) {
  mutate(query("a", "9", "OVERWRITE_IF_EXISTS") + query("b", "9", "ADD_IF_ABSENT") +
         query("c", "9", "OVERWRITE_IF_EXISTS") + query("d", "9", "OVERWRITE_IF_EXISTS_OR_ADD"));
  EXPECT_EQ(path(), "/p?a=9&b=%20x&d=9");
}

TEST_F(HeaderMutationTest, RemovesEveryQueryParameterOfAName) {
  headers.set(http::HeaderId::path, "/p?a=1&%61=2&b");
  mutate("query_parameter_mutations { remove: 'a' }");
  EXPECT_EQ(path(), "/p?b");
  mutate("query_parameter_mutations { remove: 'b' }");
  EXPECT_EQ(path(), "/p");
}

TEST_F(HeaderMutationTest, GivesAPathWithoutQueryOne) {
  headers.set(http::HeaderId::path, "/p");
  mutate(query("a b", "1"));
  EXPECT_EQ(path(), "/p?a%20b=1");
}

TEST_F(HeaderMutationTest, RefusesWhatHasNoMeaning) {
  EXPECT_THAT(refusal(append("request_mutations", ":path", "/x")),
              testing::StartsWith("mutations.request_mutations[0].append.header.key: "));
  EXPECT_THAT(refusal("response_mutations { remove: 'Host' }"),
              testing::StartsWith("mutations.response_mutations[0].remove: "));
  EXPECT_THAT(refusal("response_mutations { }"), testing::HasSubstr("is needed"));
  EXPECT_THAT(refusal(append("request_mutations", "x", "%NO_SUCH%")),
              testing::HasSubstr("NO_SUCH"));
  EXPECT_THAT(refusal("query_parameter_mutations { }"), testing::HasSubstr("is needed"));
  EXPECT_THAT(refusal("query_parameter_mutations { append { } }"),
              testing::HasSubstr("append.record: is required"));
  EXPECT_THAT(refusal("query_parameter_mutations { append { record { key: 'a' } } }"),
              testing::HasSubstr("append.record.value: must be a string"));
  EXPECT_THAT(refusal("query_parameter_mutations { remove: 'a' append { record { key: "
                      "'a' value { string_value: 'b' } } } }"),
              testing::HasSubstr("cannot be set together"));
}

TEST(PercentDecode, LeavesWhatIsNoCode) {
  EXPECT_EQ(header_mutation::percent_decode("%41%4g%4%"), "A%4g%4%");
  EXPECT_EQ(header_mutation::percent_decode(header_mutation::percent_encode("\xff /%~")),
            "\xff /%~");
}

}  // namespace
}  // namespace outrigger::filters::test
