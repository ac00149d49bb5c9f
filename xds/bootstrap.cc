#include "xds/bootstrap.h"

#include <utility>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "xds/check.h"
#include "xds/compile_bootstrap.h"
#include "xds/load.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::xds {
namespace {

using Message = envoy::config::bootstrap::v3::Bootstrap;

void read_sources(const BootstrapSource& source, Sources& sources, Problems& problems) {
  if (!source.path.empty()) {
    if (auto document = read_document(source.path, problems)) sources.add(std::move(document));
  }
  if (!source.yaml.empty())
    sources.add(Document::parse_yaml(source.yaml, "--config-yaml", problems));
  if (source.path.empty() && source.yaml.empty()) {
    problems.add("at least one of --config-path and --config-yaml must be given");
  }
  for (const auto& document : sources.documents()) {
    if (problems.empty() && document->root() == nullptr)
      problems.add(document->name() + ": the document is empty");
  }
}

void load_sources(const Sources& sources, const LoadOptions& options, Schema& schema, Message& into,
                  Problems& problems, std::vector<std::string>& warnings) {
  bool first = true;
  for (const auto& document : sources.documents()) {
    warnings.insert(warnings.end(), document->warnings().begin(), document->warnings().end());
    LoadReport report(sources, *document, options, problems, warnings);
    if (std::exchange(first, false)) {
      load_message(*document, schema, report, into);
    } else {
      Message overlay;
      load_message(*document, schema, report, overlay);
      into.MergeFrom(overlay);
    }
  }
}

// Each line is "path: problem"; a path has no ": " but in a quoted key.
void add_compile_errors(absl::string_view lines, const Sources& sources, Problems& problems) {
  std::string_view rest(lines.data(), lines.size());
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    size_t colon = line.find(": ");
    bool has_path = colon != std::string_view::npos;
    problems.add(sources.describe(has_path ? line.substr(0, colon) : "",
                                  has_path ? line.substr(colon + 2) : line));
  }
}

}  // namespace

void DeleteBootstrap::operator()(Message* proto) const {
  delete proto;
}

absl::StatusOr<LoadedBootstrap> load_bootstrap(const BootstrapSource& source,
                                               CompileEnvironment& environment) {
  Problems problems;
  Sources sources;
  read_sources(source, sources, problems);
  // After a syntax error, what is missing in the tree is not missing in the file.
  if (!problems.empty()) return problems.status();

  LoadedBootstrap out;
  out.proto.reset(new Message);
  Schema schema;
  load_sources(sources, {source.allow_unknown_fields}, schema, *out.proto, problems, out.warnings);
  MessageChecker(schema, sources, problems, out.warnings).check(*out.proto);
  if (!problems.empty()) return problems.status();

  auto compiled = compile_bootstrap(*out.proto, source.node, environment);
  if (!compiled.ok()) {
    add_compile_errors(compiled.status().message(), sources, problems);
    return problems.status();
  }
  out.compiled = *std::move(compiled);
  return out;
}

}  // namespace outrigger::xds
