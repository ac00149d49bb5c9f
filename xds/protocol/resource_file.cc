#include "xds/protocol/resource_file.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

#include "xds/document.h"
#include "xds/load.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::xds {
namespace {

using envoy::service::discovery::v3::DiscoveryResponse;

class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (text.empty()) text = fmt::format("line {}:{}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

absl::Status read_text(const std::string& text, const std::string& path, DiscoveryResponse& into) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(text, &into)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, error.text));
}

absl::Status read_document(std::string text, const std::string& path, ResourceFile& into) {
  Problems problems;
  Sources sources;
  bool yaml = absl::EndsWithIgnoreCase(path, ".yaml") || absl::EndsWithIgnoreCase(path, ".yml");
  auto document = yaml ? Document::parse_yaml(std::move(text), path, problems)
                       : Document::parse_json(std::move(text), path, problems);
  if (!problems.empty()) return problems.status();
  const Document& tree = *document;
  sources.add(std::move(document));
  if (tree.root() == nullptr)
    return absl::InvalidArgumentError(fmt::format("{}: the document is empty", path));
  Schema schema;
  // As with what a server sends: fields of a newer version are said, not refused.
  LoadReport report(sources, tree, LoadOptions{true}, problems, into.warnings);
  load_message(tree, schema, report, into.response);
  return problems.status();
}

}  // namespace

absl::StatusOr<ResourceFile> read_resource_file(std::string text, const std::string& path) {
  ResourceFile out;
  absl::Status status;
  if (absl::EndsWithIgnoreCase(path, ".pb_text")) {
    status = read_text(text, path, out.response);
  } else if (absl::EndsWithIgnoreCase(path, ".pb")) {
    if (!out.response.ParseFromString(text))
      status = absl::InvalidArgumentError(path + ": is not a DiscoveryResponse");
  } else {
    status = read_document(std::move(text), path, out);
  }
  if (!status.ok()) return status;
  return out;
}

}  // namespace outrigger::xds
