// Interest: the names that the subscribers of one type want together, and who wants a resource.
// Thread: main. Lifetime: its topic's. Cost: of the names that change, not of those that are there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"

namespace outrigger::xds {

using SubscriberId = uint64_t;

// All resources of a type, in a list of names.
inline constexpr std::string_view kWildcard = "*";

class Interest {
 public:
  using Names = absl::btree_map<std::string, std::vector<SubscriberId>>;

  using Touched = absl::btree_set<std::string>;

  // What the subscriber wants from now on: `to`, sorted, each once; no names: all. `from`: what it
  // wanted before.
  void change(SubscriberId id, const std::vector<std::string>& from,
              const std::vector<std::string>& to);
  void add(SubscriberId id, const std::vector<std::string>& names);
  void remove(SubscriberId id, const std::vector<std::string>& names);

  bool wildcard() const { return !all_.empty(); }
  const absl::btree_set<SubscriberId>& wildcard_subscribers() const { return all_; }
  // Explicit names.
  const Names& names() const { return names_; }
  bool wants(const std::string& name) const { return names_.contains(name); }
  bool empty() const { return all_.empty() && names_.empty(); }
  // Names are of a namespace, too: who asks for "routes" gets "routes/host" (virtual hosts).
  void use_namespaces() { namespaces_ = true; }
  // Calls for each subscriber that asked for the name, for a collection (xdstp://.../*) or for a
  // namespace of it; not for those that want all. Maybe twice for the same one.
  template <class Visit>
  void for_each(const std::string& name, Visit visit) const {
    visit_name(name, visit);
    if (by_parent_) visit_parent(name, visit);
    if (has_collections_) {
      if (std::string collection = collection_of(name); !collection.empty())
        visit_name(collection, visit);
    }
    if (namespaces_) visit_name(name.substr(0, name.rfind('/')), visit);
  }
  // "routes/host" is for those who asked for "routes" as well.
  void deliver_by_parent() { by_parent_ = true; }
  // Names that came or went since the last time, and are so still or again.
  const Touched& touched() const { return touched_; }
  Touched take_touched() { return std::exchange(touched_, {}); }
  // The server is to be told the name once more, though it knows that we want it.
  void ask_again(const std::string& name) { again_.insert(name); }
  Touched take_again() { return std::exchange(again_, {}); }

 private:
  template <class Visit>
  void visit_name(const std::string& name, Visit& visit) const {
    auto at = names_.find(name);
    if (at == names_.end()) return;
    for (SubscriberId id : at->second) visit(id);
  }
  template <class Visit>
  void visit_parent(const std::string& name, Visit& visit) const {
    size_t slash = name.rfind('/');
    if (slash == std::string::npos) return;
    auto own = names_.find(name);
    auto visit_once = [&](SubscriberId id) {
      bool visited = own != names_.end() &&
                     std::find(own->second.begin(), own->second.end(), id) != own->second.end();
      if (!visited) visit(id);
    };
    visit_name(name.substr(0, slash), visit_once);
  }
  // Empty: the name is in none.
  static std::string collection_of(std::string_view name);
  void add_name(SubscriberId id, const std::string& name);
  void remove_name(SubscriberId id, const std::string& name);

  Names names_;
  absl::btree_set<SubscriberId> all_;
  Touched touched_, again_;
  bool has_collections_ = false;
  bool namespaces_ = false;
  bool by_parent_ = false;
};

// Sorted, each once; xdstp:// names in their canonical form.
std::vector<std::string> tidy_names(std::vector<std::string> names);

}  // namespace outrigger::xds
