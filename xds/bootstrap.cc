#include "xds/bootstrap.h"

#include <malloc.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "google/protobuf/arena.h"

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

// Returns how many fields nobody knows.
size_t load_sources(const Sources& sources, const LoadOptions& options, Schema& schema,
                    Message& into, Problems& problems, std::vector<std::string>& warnings) {
  bool first = true;
  size_t unknown = 0;
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
    unknown += report.unknown_fields();
  }
  return unknown;
}

void load_and_check(const BootstrapSource& source, LoadedBootstrap& out, Problems& problems) {
  Sources sources;
  read_sources(source, sources, problems);
  // After a syntax error, what is missing in the tree is not missing in the file.
  if (!problems.empty()) return;
  Schema schema;
  out.unknown_fields = load_sources(sources, {source.allow_unknown_fields}, schema, *out.proto,
                                    problems, out.warnings);
  MessageChecker(schema, sources, problems, out.warnings).check(*out.proto);
}

// Each line is "path: problem"; a path has no ": " but in a quoted key. The sources are read again
// to say in which lines.
void add_compile_errors(absl::string_view lines, const BootstrapSource& source,
                        Problems& problems) {
  Problems known;
  Sources sources;
  read_sources(source, sources, known);
  std::string_view rest(lines.data(), lines.size());
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (problems.full()) {
      problems.add({});
      continue;
    }
    size_t colon = line.find(": ");
    bool has_path = colon != std::string_view::npos;
    problems.add(sources.describe(has_path ? line.substr(0, colon) : "",
                                  has_path ? line.substr(colon + 2) : line));
  }
}

BootstrapProto make_message() {
  google::protobuf::ArenaOptions options;
  options.max_block_size = 256 * 1024;  // ten thousand clusters need megabytes
  auto arena = std::make_shared<google::protobuf::Arena>(options);
  auto* message = google::protobuf::Arena::CreateMessage<Message>(arena.get());
  return BootstrapProto(message, DeleteBootstrap{std::move(arena)});
}

}  // namespace

absl::StatusOr<LoadedBootstrap> load_bootstrap(const BootstrapSource& source,
                                               CompileEnvironment& environment) {
  Problems problems;
  LoadedBootstrap out;
  out.proto = make_message();
  load_and_check(source, out, problems);
  if (!problems.empty()) return problems.status();
  // The text and its tree are gone by now: they are as large as what was made of them.
  malloc_trim(0);
  absl::Status status = source.prepare ? source.prepare(*out.proto) : absl::OkStatus();
  if (status.ok()) {
    auto compiled = compile_bootstrap(*out.proto, source.node, environment);
    status = compiled.status();
    if (compiled.ok()) out.compiled = *std::move(compiled);
  }
  if (!status.ok()) {
    add_compile_errors(status.message(), source, problems);
    return problems.status();
  }
  return out;
}

std::string take_static_resources(BootstrapProto& proto) {
  std::string octets = proto->static_resources().SerializeAsString();
  proto->mutable_static_resources()->Clear();
  BootstrapProto rest = make_message();
  *rest = *proto;
  rest->clear_static_resources();
  proto = std::move(rest);
  malloc_trim(0);
  return octets;
}

}  // namespace outrigger::xds
