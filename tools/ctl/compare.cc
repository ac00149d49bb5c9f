#include "tools/ctl/compare.h"

#include <string>
#include <string_view>

#include "fmt/format.h"

#include "tools/ctl/compare_headers.h"

namespace outrigger::ctl {
namespace {

using http::HeaderId;

class Comparison {
 public:
  Comparison(const Decision& decision, Coverage& coverage, TestResult& result)
      : decision_(decision), coverage_(coverage), result_(result) {}

  void text(const std::optional<std::string>& expected, std::string_view actual, const char* field,
            Coverage::Field covers, bool applies) {
    if (!expected) return;
    compare(*expected, applies ? std::string(actual) : std::string(), field, false, covers,
            applies);
  }

  template <class Number>
  void number(const std::optional<Number>& expected, Number actual, const char* field,
              Coverage::Field covers, bool applies) {
    if (!expected) return;
    compare(std::to_string(*expected), std::to_string(applies ? actual : Number{0}), field, true,
            covers, applies);
  }

 private:
  void compare(const std::string& expected, const std::string& actual, const char* field,
               bool number, Coverage::Field covers, bool applies) {
    if (expected == actual) {
      if (applies) coverage_.mark(decision_, covers);
      return;
    }
    result_.failures.push_back(mismatch_text(expected, actual, field));
    result_.mismatches.push_back({field, expected, actual, number});
  }

  const Decision& decision_;
  Coverage& coverage_;
  TestResult& result_;
};

std::string metadata_text(const Metadata& metadata, const MetadataExpectation& expectation) {
  const MetadataValue* value = metadata.find(expectation.filter, {&expectation.key, 1});
  const std::string* text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string() : *text;
}

void compare_metadata(const TestCase& test, const Decision& decision, Coverage& coverage,
                      TestResult& result) {
  const config::Route* route = decision.matched.route;
  for (const MetadataExpectation& expectation : test.expect.route_metadata) {
    std::string actual =
        route == nullptr ? std::string() : metadata_text(route->metadata, expectation);
    if (actual == expectation.value) {
      coverage.mark(decision, Coverage::other);
      continue;
    }
    std::string field = fmt::format("{}.{}: ", expectation.filter, expectation.key);
    result.failures.push_back(
        mismatch_text(field + expectation.value, field + actual, "route_metadata"));
    result.mismatches.push_back({"route_metadata", field + expectation.value, field + actual});
  }
}

}  // namespace

TestResult compare(const TestCase& test, const Decision& decision, const Request& request,
                   Coverage& coverage) {
  TestResult result;
  result.name = test.name;
  const Expectations& expect = test.expect;
  const http::HeaderMap& headers = request.headers();
  bool entry = decision.has_entry();
  Comparison is(decision, coverage, result);
  is.text(expect.cluster_name, decision.matched.cluster.name, "cluster_name", Coverage::cluster,
          entry);
  is.text(expect.virtual_cluster_name, virtual_cluster_of(decision, headers),
          "virtual_cluster_name", Coverage::virtual_cluster, entry);
  is.text(expect.virtual_host_name, entry ? std::string_view(decision.matched.host->name) : "",
          "virtual_host_name", Coverage::virtual_host, entry);
  is.text(expect.path_rewrite, headers.get(HeaderId::path), "path_rewrite", Coverage::path_rewrite,
          entry);
  is.text(expect.host_rewrite, headers.get(HeaderId::authority), "host_rewrite",
          Coverage::host_rewrite, entry);
  is.text(expect.path_redirect, decision.redirect, "path_redirect", Coverage::redirect_path,
          decision.answers());
  is.number(expect.code_redirect, static_cast<uint32_t>(decision.code), "code_redirect",
            Coverage::redirect_code, decision.answers());
  const config::ForwardAction* forward = decision.forward();
  is.number(expect.timeout_ms, forward == nullptr ? int64_t{0} : forward->timeout.count(),
            "timeout", Coverage::other, entry);
  compare_metadata(test, decision, coverage, result);
  compare_headers(expect, request, result);
  return result;
}

}  // namespace outrigger::ctl
