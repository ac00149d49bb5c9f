#include "xds/dynamic/route_scopes.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "xds/dynamic/scope_set.h"
#include "xds/field_errors.h"
#include "xds/octets.h"

namespace outrigger::xds {
namespace {

using Message = DynamicSources::ScopedRoutesMessage;
using Extractor = Message::ScopeKeyBuilder::FragmentBuilder::HeaderValueExtractor;

config::ScopeKeyPart compile_part(const Extractor& from, FieldErrors& errors,
                                  const std::string& field) {
  config::ScopeKeyPart out;
  out.header = absl::AsciiStrToLower(from.name());
  out.separator = from.element_separator();
  if (from.extract_type_case() == Extractor::kIndex) {
    out.index = from.index();
    if (out.separator.empty() && from.index() != 0)
      errors.add(field + ".index", "must be 0 without an element_separator");
  } else if (from.extract_type_case() == Extractor::kElement) {
    out.key = from.element().key();
    out.key_separator = from.element().separator();
  } else {
    errors.add(field, "one of index and element must be set");
  }
  return out;
}

absl::StatusOr<std::vector<config::ScopeKeyPart>> compile_parts(const Message& message) {
  FieldErrors errors;
  std::vector<config::ScopeKeyPart> out;
  const auto& fragments = message.scope_key_builder().fragments();
  for (int i = 0; i < fragments.size(); ++i) {
    std::string field = indexed("scope_key_builder.fragments", i) + ".header_value_extractor";
    out.push_back(compile_part(fragments.Get(i).header_value_extractor(), errors, field));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

RouteScopes::RouteScopes(RouteManagerParts parts, RouteManager& routes)
    : parts_(std::move(parts)), routes_(routes) {}

RouteScopes::~RouteScopes() = default;

absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> RouteScopes::scopes(
    const Message& message, const std::string& stat_prefix, CompileEnvironment& environment) {
  auto parts = compile_parts(message);
  if (!parts.ok()) return parts.status();
  std::string key = stat_prefix + "\n" + octets_of(message);
  auto found = sets_.find(key);
  auto slot = found == sets_.end() ? nullptr : found->second->slot();
  if (slot == nullptr) {
    if (found != sets_.end()) sets_.erase(found);
    slot = std::make_shared<ScopeSet::Slot>();
    auto fresh = std::make_unique<ScopeSet>(parts_, routes_, message, stat_prefix, slot);
    if (absl::Status status = fresh->start(environment.init); !status.ok()) return status;
    found = sets_.try_emplace(std::move(key), std::move(fresh)).first;
  }
  if (environment.init != nullptr) found->second->wait(*environment.init);
  auto out = std::make_shared<config::ScopedRoutes>();
  out->key_parts = *std::move(parts);
  out->table = std::move(slot);
  return std::shared_ptr<const config::ScopedRoutes>(std::move(out));
}

void RouteScopes::sweep() {
  absl::erase_if(sets_, [](const auto& entry) { return entry.second->slot() == nullptr; });
}

}  // namespace outrigger::xds
