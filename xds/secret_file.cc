#include "xds/secret_file.h"

#include "fmt/format.h"
#include "google/protobuf/any.pb.h"

#include "xds/check.h"
#include "xds/compile_values.h"
#include "xds/document.h"
#include "xds/load.h"
#include "xds/message_loader.h"
#include "xds/path.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::xds {

using envoy::extensions::transport_sockets::tls::v3::Secret;

absl::StatusOr<std::vector<Secret>> load_secret_file(const std::string& path) {
  Problems problems;
  std::vector<std::string> warnings;
  std::vector<Secret> secrets;
  Sources sources;
  auto document = read_document(path, problems);
  if (document == nullptr || !problems.empty()) return problems.status();
  const Document& text = *document;
  sources.add(std::move(document));
  const Node* resources = text.root() == nullptr ? nullptr : text.root()->find("resources");
  if (resources == nullptr)
    return absl::InvalidArgumentError(fmt::format("{}: has no 'resources'", path));
  Schema schema;
  LoadReport report(sources, text, {}, problems, warnings);
  Path root;
  Path list = Path::field(root, "resources");
  int index = 0;
  for (const Node* node = resources->first_child(); node != nullptr; node = node->next, ++index) {
    Path place = Path::element(list, index);
    google::protobuf::Any packed;
    MessageLoader(schema, report).message(*node, packed, place);
    Secret secret;
    if (!is_type(packed, Secret::descriptor()->full_name()) || !packed.UnpackTo(&secret)) {
      problems.add_at(place.text(), fmt::format("{}: {}: is not a Secret", path, place.text()));
      continue;
    }
    MessageChecker(schema, sources, problems, warnings).check(secret, place);
    secrets.push_back(std::move(secret));
  }
  if (!problems.empty()) return problems.status();
  return secrets;
}

}  // namespace outrigger::xds
