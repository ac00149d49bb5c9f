#include "tools/ctl/test_file.h"

#include "test/unit/ctl/support.h"

namespace outrigger::ctl {
namespace {

std::string problem(const std::string& name, const std::string& text) {
  TestFolder folder;
  auto read = read_test_file(folder.file(name, text));
  return read.ok() ? "none" : std::string(read.status().message());
}

TestCase only_test(const std::string& text) {
  TestFolder folder;
  auto read = read_test_file(folder.file("tests.yaml", text));
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() && !read->tests.empty() ? read->tests.front() : TestCase();
}

TEST(CtlTestFile, ReadsEveryInput) {
  TestCase test = only_test(R"(tests:
- test_name: t
  input:
    authority: a
    path: /p?q
    method: PUT
    random_value: 18446744073709551615
    ssl: true
    internal: true
    runtime: key
    additional_request_headers: [{key: X-Name, value: v}]
    additional_response_headers: [{key: Server, value: s}]
    dynamic_metadata: [{metadata_namespace: names, value: {k: {l: [1, true]}}}]
  validate: {}
)");
  EXPECT_EQ(test.name, "t");
  EXPECT_EQ(test.input.authority, "a");
  EXPECT_EQ(test.input.path, "/p?q");
  EXPECT_EQ(test.input.method, "PUT");
  EXPECT_EQ(test.input.random, ~uint64_t{0});
  EXPECT_TRUE(test.input.ssl);
  EXPECT_TRUE(test.input.internal);
  EXPECT_EQ(test.input.runtime, "key");
  ASSERT_EQ(test.input.request_headers.size(), 1u);
  EXPECT_EQ(test.input.request_headers[0].name, "x-name");
  ASSERT_EQ(test.input.response_headers.size(), 1u);
  EXPECT_EQ(test.input.response_headers[0].value, "s");
  const std::string path[] = {"k", "l"};
  EXPECT_NE(test.input.metadata.find("names", path), nullptr);
  EXPECT_FALSE(test.expect.cluster_name.has_value());
}

TEST(CtlTestFile, TellsAnEmptyExpectationFromNone) {
  TestCase test = only_test(
      "tests: [{test_name: t, input: {authority: a, path: /, method: GET}, "
      "validate: {cluster_name: '', code_redirect: 0, timeout: 1.5s}}]");
  EXPECT_EQ(test.expect.cluster_name, "");
  EXPECT_EQ(test.expect.code_redirect, 0u);
  EXPECT_EQ(test.expect.timeout_ms, 1500);
  EXPECT_FALSE(test.expect.path_rewrite.has_value());
}

TEST(CtlTestFile, NamesEveryUnknownFieldWithItsLine) {
  EXPECT_EQ(problem("t.yaml", R"(tests:
- test_name: t
  input: {authority: a, path: /, method: GET, pth: /}
  validate:
    cluster: c
)"),
            "tests[0].input.pth: unknown field, line 3\n"
            "tests[0].validate.cluster: unknown field, line 5");
}

TEST(CtlTestFile, DemandsWhatATestMustHave) {
  EXPECT_EQ(problem("t.json", R"({"tests": [{"test_name": "t"}]})"),
            "tests[0].input: value is required, line 1\n"
            "tests[0].validate: value is required, line 1");
  EXPECT_NE(problem("t.json", R"({})").find("tests: value must contain at least 1 item"),
            std::string::npos);
}

TEST(CtlTestFile, ChecksMatchersAsRoutesDo) {
  std::string text = problem("t.yaml", R"(tests:
- test_name: t
  input: {authority: a, path: /, method: GET}
  validate:
    response_header_matches:
    - {name: x, safe_regex_match: {regex: "["}}
)");
  EXPECT_NE(text.find("tests[0].validate.response_header_matches[0]"), std::string::npos) << text;
  EXPECT_NE(text.find("line 6"), std::string::npos) << text;
}

TEST(CtlTestFile, SaysWhereAProtobufTextIsWrong) {
  std::string text = problem("t.pb_text", "tests {\n  nme: 't'\n}\n");
  EXPECT_NE(text.find("t.pb_text:2:"), std::string::npos) << text;
  EXPECT_NE(text.find("nme"), std::string::npos) << text;
}

TEST(CtlTestFile, TypedMetadataHasNoEffectAndSaysSo) {
  TestFolder folder;
  auto read = read_test_file(folder.file("t.yaml", R"(tests:
- test_name: t
  input:
    authority: a
    path: /
    method: GET
    dynamic_metadata:
    - metadata_namespace: names
      typed_value: {"@type": type.googleapis.com/google.protobuf.StringValue, value: v}
  validate: {}
)"));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_NE(read->warnings[0].find("typed_value: has no effect"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::ctl
