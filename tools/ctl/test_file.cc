#include "tools/ctl/test_file.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"

#include "envoy/config/core/v3/base.pb.h"

#include "tools/ctl/merge_metadata.h"
#include "tools/ctl/message_view.h"
#include "tools/ctl/test_schema.h"
#include "tools/ctl/text_message.h"
#include "xds/check.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/document.h"
#include "xds/load.h"
#include "xds/path.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::ctl {
namespace {

using envoy::config::core::v3::HeaderValue;
using envoy::config::route::v3::HeaderMatcher;
using google::protobuf::Message;

// No HTTP method is shorter ("GET"), and Envoy's tool refuses one that is.
constexpr size_t kShortestMethod = 3;

class Reader {
 public:
  absl::StatusOr<TestFile> read(const std::string& path) {
    auto message = schema_of_tests_.make_file();
    load(path, *message);
    if (problems_.empty()) file(MessageView(*message));
    if (!problems_.empty()) return problems_.status();
    return std::move(out_);
  }

 private:
  void load(const std::string& path, Message& into) {
    if (is_text_message(path)) return read_text_message(path, into, problems_);
    auto document = xds::read_document(path, problems_);
    if (!problems_.empty()) return;
    if (document == nullptr || document->root() == nullptr)
      return problems_.add(fmt::format("{}: the document is empty", path));
    const xds::Document& tree = *document;
    sources_.add(std::move(document));
    out_.warnings = tree.warnings();
    xds::LoadReport report(sources_, tree, {}, problems_, out_.warnings);
    xds::load_message(tree, schema_, report, into);
  }

  void problem(const std::string& path, std::string_view text) {
    problems_.add_at(path, sources_.describe(path, text));
  }
  void need(bool there, const std::string& path, std::string_view text) {
    if (!there) problem(path, text);
  }
  void need_text(const std::string& text, const std::string& path, size_t shortest = 1) {
    need(text.size() >= shortest, path,
         fmt::format("value length must be at least {} character{} (is {})", shortest,
                     shortest == 1 ? "" : "s", text.size()));
  }
  void check(const Message& message, const std::string& path) {
    xds::Path root;
    xds::MessageChecker(schema_, sources_, problems_, out_.warnings)
        .check(message, xds::Path::field(root, path));
  }

  void file(const MessageView& file) {
    need(file.count("tests") > 0, "tests", "value must contain at least 1 item (is 0)");
    if (file.has("runtime")) {
      out_.warnings.push_back(
          sources_.describe("runtime",
                            "has no effect: no runtime value changes a decision of this tool; the "
                            "limits of regular expressions are built in"));
    }
    for (int i = 0; i < file.count("tests"); ++i)
      test(MessageView(file.at("tests", i)), fmt::format("tests[{}]", i));
  }

  void test(const MessageView& test, const std::string& path) {
    TestCase out;
    out.name = test.text("test_name");
    need_text(out.name, path + ".test_name");
    need(test.has("input"), path + ".input", "value is required");
    need(test.has("validate"), path + ".validate", "value is required");
    if (test.has("input")) input(MessageView(test.message("input")), path + ".input", out.input);
    if (test.has("validate"))
      expectations(MessageView(test.message("validate")), path + ".validate", out.expect);
    out_.tests.push_back(std::move(out));
  }

  void input(const MessageView& input, const std::string& path, TestInput& out) {
    out.authority = input.text("authority");
    out.path = input.text("path");
    out.method = input.text("method");
    need_text(out.authority, path + ".authority");
    need_text(out.path, path + ".path");
    need_text(out.method, path + ".method", kShortestMethod);
    out.random = input.number("random_value");
    out.ssl = input.flag("ssl");
    out.internal = input.flag("internal");
    out.runtime = input.text("runtime");
    headers(input, "additional_request_headers", path, out.request_headers);
    headers(input, "additional_response_headers", path, out.response_headers);
    for (int i = 0; i < input.count("dynamic_metadata"); ++i) {
      metadata(MessageView(input.at("dynamic_metadata", i)),
               fmt::format("{}.dynamic_metadata[{}]", path, i), out.metadata);
    }
  }

  void headers(const MessageView& from, const char* field, const std::string& path,
               std::vector<HeaderText>& out) {
    for (int i = 0; i < from.count(field); ++i) {
      const auto& header = static_cast<const HeaderValue&>(from.at(field, i));
      check(header, fmt::format("{}.{}[{}]", path, field, i));
      out.push_back({absl::AsciiStrToLower(header.key()), header.value()});
    }
  }

  void metadata(const MessageView& entry, const std::string& path, Metadata& out) {
    std::string name = entry.text("metadata_namespace");
    need_text(name, path + ".metadata_namespace");
    if (entry.has("typed_value")) {
      out_.warnings.push_back(sources_.describe(
          path + ".typed_value", "has no effect: no condition of a route asks for typed metadata"));
    }
    if (!entry.has("value")) return;
    set_metadata(name, xds::compile_struct(entry.get<google::protobuf::Struct>("value")),
                 entry.flag("allow_overwrite"), out);
  }

  void expectations(const MessageView& from, const std::string& path, Expectations& out) {
    out.cluster_name = from.optional_text("cluster_name");
    out.virtual_cluster_name = from.optional_text("virtual_cluster_name");
    out.virtual_host_name = from.optional_text("virtual_host_name");
    out.path_rewrite = from.optional_text("path_rewrite");
    out.host_rewrite = from.optional_text("host_rewrite");
    out.path_redirect = from.optional_text("path_redirect");
    if (from.has("code_redirect"))
      out.code_redirect = from.get<google::protobuf::UInt32Value>("code_redirect").value();
    if (from.has("timeout")) {
      const auto& timeout = from.get<google::protobuf::Duration>("timeout");
      out.timeout_ms = timeout.seconds() * 1000 + timeout.nanos() / 1'000'000;
    }
    matchers(from, "request_header_matches", path, out.request_headers);
    matchers(from, "response_header_matches", path, out.response_headers);
    headers(from, "request_header_fields", path, out.request_fields);
    headers(from, "response_header_fields", path, out.response_fields);
    for (int i = 0; i < from.count("route_metadata"); ++i) {
      MessageView entry(from.at("route_metadata", i));
      std::string at = fmt::format("{}.route_metadata[{}]", path, i);
      need_text(entry.text("namespace"), at + ".namespace");
      need_text(entry.text("key"), at + ".key");
      out.route_metadata.push_back(
          {entry.text("namespace"), entry.text("key"), entry.text("value")});
    }
  }

  void matchers(const MessageView& from, const char* field, const std::string& path,
                std::vector<HeaderExpectation>& out) {
    for (int i = 0; i < from.count(field); ++i) {
      const auto& matcher = static_cast<const HeaderMatcher&>(from.at(field, i));
      std::string at = fmt::format("{}.{}[{}]", path, field, i);
      size_t before = problems_.total();
      check(matcher, at);
      if (problems_.total() != before) continue;
      auto compiled = xds::compile_header_match(matcher);
      if (compiled.ok()) {
        out.push_back({*std::move(compiled), matcher});
      } else {
        problem(at, std::string(compiled.status().message()));
      }
    }
  }

  TestSchema schema_of_tests_;
  xds::Schema schema_;
  xds::Sources sources_;
  xds::Problems problems_;
  TestFile out_;
};

}  // namespace

absl::StatusOr<TestFile> read_test_file(const std::string& path) {
  return Reader().read(path);
}

}  // namespace outrigger::ctl
