#include "proxy/admin_view.h"

#include <optional>

namespace outrigger {
namespace {

template <class Version>
admin::ResourceVersion version_of(const Version& from) {
  return {&from.body, from.version, from.at};
}

template <class Version>
std::optional<admin::ResourceVersion> version_of(const std::optional<Version>& from) {
  return from ? std::optional(version_of(*from)) : std::nullopt;
}

admin::ResourceStatus status_of(std::string_view name, const xds::LedgerEntry& entry) {
  admin::ResourceStatus status;
  status.name = name;
  status.active = version_of(entry.active);
  status.warming = version_of(entry.warming);
  status.draining = version_of(entry.draining);
  status.rejected = version_of(entry.rejected);
  if (entry.rejected) status.rejected_because = entry.rejected->details;
  status.does_not_exist = entry.does_not_exist;
  return status;
}

}  // namespace

std::vector<std::string> resource_types(const xds::Ledger& ledger) {
  std::vector<std::string> types;
  for (const auto& [type, entries] : ledger.all()) types.push_back(type);
  return types;
}

admin::ResourceTypeStatus resources_of(const xds::Ledger& ledger, std::string_view type_url) {
  admin::ResourceTypeStatus status{std::string(type_url), ledger.version(type_url), {}};
  const xds::Ledger::Entries* entries = ledger.entries(type_url);
  if (entries == nullptr) return status;
  status.resources.reserve(entries->size());
  for (const auto& [name, entry] : *entries) status.resources.push_back(status_of(name, entry));
  return status;
}

void append_unready(const xds::InitSet& set, std::vector<admin::UnreadyTarget>& targets) {
  if (!set.is_ready()) targets.push_back({set.name(), set.unready()});
}

}  // namespace outrigger
