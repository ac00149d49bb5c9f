// Ledger: what became of every resource that was asked for or received, for /config_dump,
// /init_dump and the client status discovery service: the last good one, and beside it the last
// one that was rejected, with the reason. There may be hundreds of thousands: an entry of which
// there is only a good one is as small as that allows. Thread: main. Lifetime: the process's.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "xds/protocol/resource.h"

namespace outrigger::xds {

using SystemTime = std::chrono::system_clock::time_point;

// One version of a resource: its octets, of the type that it is listed under.
struct LedgerVersion {
  std::string body;
  std::shared_ptr<const std::string> version_text;  // resources of one response share it
  SystemTime at;

  const std::string& version() const { return *version_text; }
};

struct RejectedVersion : LedgerVersion {
  std::string details;
};

class LedgerEntry {
 public:
  // nullptr: there is none.
  const LedgerVersion* active() const { return active_.get(); }
  const LedgerVersion* warming() const { return rest_ == nullptr ? nullptr : rest_->warming.get(); }
  const LedgerVersion* draining() const {
    return rest_ == nullptr ? nullptr : rest_->draining.get();
  }
  // The last one, unless a good one came after it.
  const RejectedVersion* rejected() const {
    return rest_ == nullptr ? nullptr : rest_->rejected.get();
  }
  // The server said so, or initial_fetch_timeout passed.
  bool does_not_exist() const { return does_not_exist_; }

 private:
  friend class Ledger;
  struct Rest {
    std::unique_ptr<LedgerVersion> warming, draining;
    std::unique_ptr<RejectedVersion> rejected;
  };
  Rest& rest() {
    if (rest_ == nullptr) rest_ = std::make_unique<Rest>();
    return *rest_;
  }
  void drop_empty_rest() {
    if (warming() == nullptr && draining() == nullptr && rejected() == nullptr) rest_ = nullptr;
  }

  std::unique_ptr<LedgerVersion> active_;
  std::unique_ptr<Rest> rest_;  // nullptr: nothing but the active one
  bool does_not_exist_ = false;
};

// Who knows the resources of one type writes here.
class Ledger {
 public:
  using Entries = std::map<std::string, LedgerEntry, std::less<>>;

  void requested(std::string_view type_url, std::string_view name);
  // In force now; what was warming or rejected before is forgotten.
  void activated(std::string_view type_url, const Resource& resource);
  void warming(std::string_view type_url, const Resource& resource);
  // The active one goes on for its connections until drained() or the next activated().
  void draining(std::string_view type_url, std::string_view name);
  void drained(std::string_view type_url, std::string_view name);
  void rejected(std::string_view type_url, const Resource& resource, std::string details);
  void missing(std::string_view type_url, std::string_view name);
  void removed(std::string_view type_url, std::string_view name);
  void set_version(std::string_view type_url, std::string version);

  // nullptr: none was ever asked for.
  const Entries* entries(std::string_view type_url) const;
  // Of the last response that was taken; empty: none.
  std::string version(std::string_view type_url) const;
  const std::map<std::string, Entries, std::less<>>& all() const { return types_; }

 private:
  LedgerEntry& entry(std::string_view type_url, std::string_view name);
  void fill(const Resource& resource, LedgerVersion& version);

  std::map<std::string, Entries, std::less<>> types_;
  std::map<std::string, std::string, std::less<>> versions_;
  std::shared_ptr<const std::string> last_version_ = std::make_shared<const std::string>();
};

}  // namespace outrigger::xds
