#include "tools/ctl/results_json.h"

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "google/protobuf/util/json_util.h"

#include "proxy/observe/json_escape.h"

namespace outrigger::ctl {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  observe::append_json_escaped(text, out);
  return out + '"';
}

std::string value_of(const Mismatch& mismatch, const std::string& text) {
  return mismatch.number ? text : json_string(text);
}

std::string json_of(const HeaderMismatch& mismatch) {
  std::string matcher;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  (void)google::protobuf::util::MessageToJsonString(mismatch.matcher, &matcher, options);
  return fmt::format(R"({{"header_matcher": {}, "actual_header_value": {}}})", matcher,
                     json_string(mismatch.actual));
}

void add_headers(const TestResult& result, bool response, std::vector<std::string>& members) {
  std::vector<std::string> entries;
  for (const HeaderMismatch& mismatch : result.header_mismatches) {
    if (mismatch.response == response) entries.push_back(json_of(mismatch));
  }
  if (entries.empty()) return;
  members.push_back(fmt::format(R"("{}_header_match_failures": [{}])",
                                response ? "response" : "request", fmt::join(entries, ", ")));
}

std::string failure_of(const TestResult& result) {
  std::vector<std::string> members;
  for (const Mismatch& mismatch : result.mismatches) {
    members.push_back(
        fmt::format(R"("expected_{}": {})", mismatch.field, value_of(mismatch, mismatch.expected)));
    members.push_back(
        fmt::format(R"("actual_{}": {})", mismatch.field, value_of(mismatch, mismatch.actual)));
  }
  add_headers(result, false, members);
  add_headers(result, true, members);
  return fmt::format("{}", fmt::join(members, ", "));
}

std::string json_of(const TestResult& result) {
  std::string out = fmt::format(R"({{"test_name": {}, "test_passed": {})", json_string(result.name),
                                result.passed());
  if (!result.passed()) out += fmt::format(R"(, "failure": {{{}}})", failure_of(result));
  return out + "}";
}

}  // namespace

std::string results_json(const std::vector<TestResult>& results) {
  std::vector<std::string> entries;
  for (const TestResult& result : results) entries.push_back("  " + json_of(result));
  return fmt::format("{{\"test_results\": [\n{}\n]}}\n", fmt::join(entries, ",\n"));
}

}  // namespace outrigger::ctl
