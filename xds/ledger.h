// Ledger: what became of every resource that was asked for or received, for /config_dump,
// /init_dump and the client status discovery service: the last good one, and beside it the last
// one that was rejected, with the reason. Thread: main. Lifetime: the process's.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/any.pb.h"

#include "xds/protocol/resource.h"

namespace outrigger::xds {

using SystemTime = std::chrono::system_clock::time_point;

struct LedgerEntry {
  enum class Phase : uint8_t {
    none,  // nothing is in force: asked for, not there, or every version was rejected
    warming,
    active,
    draining
  };
  struct Rejected {
    google::protobuf::Any body;
    std::string version;
    std::string details;
    SystemTime at;
  };
  struct Accepted {
    google::protobuf::Any body;
    std::string version;
    SystemTime at;
  };
  std::optional<Accepted> active;
  std::optional<Accepted> warming;
  std::optional<Accepted> draining;
  std::optional<Rejected> rejected;  // the last one, unless a good one came after it
  bool does_not_exist = false;       // the server said so, or initial_fetch_timeout passed
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

  std::map<std::string, Entries, std::less<>> types_;
  std::map<std::string, std::string, std::less<>> versions_;
};

}  // namespace outrigger::xds
