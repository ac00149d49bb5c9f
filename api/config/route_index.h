// RouteIndex: finds the routes of one virtual host whose path condition a path may meet, without
// asking every route. Thread: any; immutable. Lifetime: the virtual host's. Built with the route
// table. Exact paths and prefixes are indexed, with and without case; regular expressions are asked
// together as one set; every other route is a candidate for all paths.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"

#include "api/config/regex.h"
#include "api/config/text_map.h"

namespace outrigger::config {

struct Route;

class RouteIndex {
 public:
  // With fewer routes, trying one after the other is as fast.
  static constexpr size_t kMinRoutes = 8;
  // With fewer regular expressions, asking each is as fast as asking the set and then the one.
  static constexpr size_t kMinRegexes = 4;

  // nullptr: they cannot be asked together.
  using MakeRegexSet =
      std::function<std::shared_ptr<const RegexSet>(const std::vector<std::string_view>& patterns)>;

  explicit RouteIndex(std::span<const Route> routes, const MakeRegexSet& make_regex_set = nullptr);

  // Calls visit(position) for the candidates in the order of the routes, until it returns true.
  // `path` is without its query.
  template <class Visit>
  void visit(std::string_view path, Visit visit) const {
    Search search(*this, path);
    while (const uint32_t* position = search.next()) {
      if (visit(*position)) return;
    }
  }

 private:
  using Positions = std::vector<uint32_t>;
  using Lists = absl::InlinedVector<std::span<const uint32_t>, 8>;
  static constexpr uint32_t kNone = 0xffffffff;

  class Prefixes {
   public:
    void add(std::string_view text, uint32_t route);
    // After the last add: sorts them and finds the parents.
    void finish();
    void collect(std::string_view path, Lists& lists) const;

   private:
    struct Prefix {
      std::string text;
      Positions routes;
      uint32_t parent = kNone;  // the longest other prefix that this one starts with
    };
    // The longest prefix of `path`, or kNone. Its parents are prefixes of `path` as well.
    uint32_t longest(std::string_view path) const;

    std::vector<Prefix> prefixes_;  // sorted by text
  };

  struct Texts {
    TextMap<Positions> exact;
    Prefixes prefixes;
    bool used = false;

    void collect(std::string_view path, Lists& lists) const;
  };

  // Merges the ascending lists of candidates. The regular expressions are asked when the first of
  // them could be the next candidate: often a route before them matches.
  class Search {
   public:
    Search(const RouteIndex& index, std::string_view path);
    // nullptr: there are no more. Valid until the next call.
    const uint32_t* next();

   private:
    void ask_regexes();

    const RouteIndex& index_;
    std::string_view path_;
    Lists lists_;
    bool asked_ = true;
    absl::InlinedVector<uint32_t, 8> matched_;
    absl::InlinedVector<char, 256> lower_case_;
  };

  void add(const Route& route, uint32_t position, std::vector<std::string_view>& patterns);

  Texts exact_case_;
  Texts any_case_;  // in lower case
  Positions regexes_;
  std::shared_ptr<const RegexSet> regex_set_;
  Positions others_;
};

}  // namespace outrigger::config
