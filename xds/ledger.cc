#include "xds/ledger.h"

#include <utility>

namespace outrigger::xds {
namespace {

LedgerEntry::Accepted accepted(const Resource& resource) {
  return {resource.body, resource.version, std::chrono::system_clock::now()};
}

}  // namespace

LedgerEntry& Ledger::entry(std::string_view type_url, std::string_view name) {
  auto type = types_.find(type_url);
  if (type == types_.end()) type = types_.emplace(std::string(type_url), Entries()).first;
  auto at = type->second.find(name);
  if (at == type->second.end()) at = type->second.emplace(std::string(name), LedgerEntry()).first;
  return at->second;
}

void Ledger::requested(std::string_view type_url, std::string_view name) {
  entry(type_url, name);
}

void Ledger::activated(std::string_view type_url, const Resource& resource) {
  LedgerEntry& one = entry(type_url, resource.name);
  one.active = accepted(resource);
  one.warming.reset();
  one.rejected.reset();
  one.does_not_exist = false;
}

void Ledger::warming(std::string_view type_url, const Resource& resource) {
  LedgerEntry& one = entry(type_url, resource.name);
  one.warming = accepted(resource);
  one.rejected.reset();
  one.does_not_exist = false;
}

void Ledger::draining(std::string_view type_url, std::string_view name) {
  LedgerEntry& one = entry(type_url, name);
  if (one.active) one.draining = std::exchange(one.active, std::nullopt);
}

void Ledger::drained(std::string_view type_url, std::string_view name) {
  LedgerEntry& one = entry(type_url, name);
  one.draining.reset();
  if (!one.active && !one.warming && !one.rejected) removed(type_url, name);
}

void Ledger::rejected(std::string_view type_url, const Resource& resource, std::string details) {
  entry(type_url, resource.name).rejected = {resource.body, resource.version, std::move(details),
                                             std::chrono::system_clock::now()};
}

void Ledger::missing(std::string_view type_url, std::string_view name) {
  LedgerEntry& one = entry(type_url, name);
  one.does_not_exist = true;
}

void Ledger::removed(std::string_view type_url, std::string_view name) {
  auto type = types_.find(type_url);
  if (type == types_.end()) return;
  if (auto at = type->second.find(name); at != type->second.end()) type->second.erase(at);
}

void Ledger::set_version(std::string_view type_url, std::string version) {
  versions_.insert_or_assign(std::string(type_url), std::move(version));
}

const Ledger::Entries* Ledger::entries(std::string_view type_url) const {
  auto type = types_.find(type_url);
  return type == types_.end() ? nullptr : &type->second;
}

std::string Ledger::version(std::string_view type_url) const {
  auto at = versions_.find(type_url);
  return at == versions_.end() ? std::string() : at->second;
}

}  // namespace outrigger::xds
