#include "proxy/admin_view.h"

#include <optional>

namespace outrigger {
namespace {

std::optional<admin::ResourceVersion> version_of(std::string_view type_url,
                                                 const xds::LedgerVersion* from) {
  if (from == nullptr) return std::nullopt;
  return admin::ResourceVersion{type_url, from->body, from->version(), from->at};
}

admin::ResourceStatus status_of(std::string_view type_url, std::string_view name,
                                const xds::LedgerEntry& entry) {
  admin::ResourceStatus status;
  status.name = name;
  status.active = version_of(type_url, entry.active());
  status.warming = version_of(type_url, entry.warming());
  status.draining = version_of(type_url, entry.draining());
  status.rejected = version_of(type_url, entry.rejected());
  if (entry.rejected() != nullptr) status.rejected_because = entry.rejected()->details;
  status.does_not_exist = entry.does_not_exist();
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
  // The key lives as long as the ledger; the caller's text may not.
  std::string_view own_type = ledger.all().find(type_url)->first;
  for (const auto& [name, entry] : *entries)
    status.resources.push_back(status_of(own_type, name, entry));
  return status;
}

void append_unready(const xds::InitSet& set, std::vector<admin::UnreadyTarget>& targets) {
  if (!set.is_ready()) targets.push_back({set.name(), set.unready()});
}

}  // namespace outrigger
