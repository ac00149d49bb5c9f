// RouteIndex: finds the routes of one virtual host whose path condition a path may meet, without
// asking every route. Thread: any; immutable. Lifetime: the virtual host's. Built with the route
// table. Exact paths and prefixes (case-sensitive) are indexed; every other route is a candidate
// for all paths.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace outrigger::config {

struct Route;

// Lets maps keyed by std::string be asked with a std::string_view.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

class RouteIndex {
 public:
  // With fewer routes, trying one after the other is as fast.
  static constexpr size_t kMinRoutes = 8;

  explicit RouteIndex(std::span<const Route> routes);

  // Calls visit(position) for the candidates in the order of the routes, until it returns true.
  // `path` is without its query.
  template <class Visit>
  void visit(std::string_view path, Visit visit) const {
    // Each list is ascending; taking the smallest head each time merges them.
    Lists lists = lists_of(path);
    while (!lists.empty()) {
      size_t first = 0;
      for (size_t i = 1; i < lists.size(); ++i) {
        if (lists[i].front() < lists[first].front()) first = i;
      }
      if (visit(lists[first].front())) return;
      lists[first] = lists[first].subspan(1);
      if (lists[first].empty()) {
        lists[first] = lists.back();
        lists.pop_back();
      }
    }
  }

 private:
  using Positions = std::vector<uint32_t>;
  using Lists = absl::InlinedVector<std::span<const uint32_t>, 8>;
  static constexpr uint32_t kNone = 0xffffffff;

  struct Prefix {
    std::string text;
    Positions routes;
    uint32_t parent = kNone;  // the longest other prefix that this one starts with
  };

  Lists lists_of(std::string_view path) const;
  // The longest indexed prefix of `path`, or kNone. Its parents are prefixes of `path` as well.
  uint32_t longest_prefix(std::string_view path) const;
  void link_parents();

  TextMap<Positions> exact_;
  std::vector<Prefix> prefixes_;  // sorted by text
  Positions others_;
};

}  // namespace outrigger::config
