#include "xds/ledger.h"

#include <utility>

namespace outrigger::xds {

void Ledger::fill(const Resource& resource, LedgerVersion& version) {
  if (*last_version_ != resource.version)
    last_version_ = std::make_shared<const std::string>(resource.version);
  version.body = resource.body.value();
  version.version_text = last_version_;
  version.at = std::chrono::system_clock::now();
}

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
  if (one.active_ == nullptr) one.active_ = std::make_unique<LedgerVersion>();
  fill(resource, *one.active_);
  one.does_not_exist_ = false;
  if (one.rest_ == nullptr) return;
  one.rest_->warming.reset();
  one.rest_->rejected.reset();
  one.drop_empty_rest();
}

void Ledger::warming(std::string_view type_url, const Resource& resource) {
  LedgerEntry& one = entry(type_url, resource.name);
  one.rest().warming = std::make_unique<LedgerVersion>();
  fill(resource, *one.rest_->warming);
  one.rest_->rejected.reset();
  one.does_not_exist_ = false;
}

void Ledger::draining(std::string_view type_url, std::string_view name) {
  LedgerEntry& one = entry(type_url, name);
  if (one.active_ != nullptr) one.rest().draining = std::move(one.active_);
}

void Ledger::drained(std::string_view type_url, std::string_view name) {
  LedgerEntry& one = entry(type_url, name);
  if (one.rest_ != nullptr) one.rest_->draining.reset();
  one.drop_empty_rest();
  if (one.active_ == nullptr && one.rest_ == nullptr) removed(type_url, name);
}

void Ledger::rejected(std::string_view type_url, const Resource& resource, std::string details) {
  auto version = std::make_unique<RejectedVersion>();
  fill(resource, *version);
  version->details = std::move(details);
  entry(type_url, resource.name).rest().rejected = std::move(version);
}

void Ledger::missing(std::string_view type_url, std::string_view name) {
  entry(type_url, name).does_not_exist_ = true;
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
