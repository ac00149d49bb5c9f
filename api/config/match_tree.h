// MatchTree: the generic matcher. Predicates in order, or a map by one value, lead to an action or
// to another tree; what leads nowhere goes on to the next. Actions are numbers, whose meaning is
// the owner's: a route, a filter chain, a verdict. Thread: any; immutable. Semantics:
// xds.type.matcher.v3.Matcher, IPMatcher. Compiled by xds/compile_match_tree.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "api/config/match_source.h"
#include "api/config/route_match.h"
#include "api/config/string_matcher.h"
#include "api/config/text_map.h"
#include "api/net/cidr.h"

namespace outrigger::config {

struct MatchPredicate {
  enum class Kind : uint8_t {
    text,      // the input is there and its text matches
    ranges,    // the input is an address in one of the ranges
    fraction,  // the hash of the input is in the fraction
    all,       // of the children
    any,
    none  // not the one child
  };
  Kind kind = Kind::text;
  MatchInput input;
  StringMatcher text;
  std::vector<net::Cidr> ranges;
  RuntimeFraction fraction;
  uint64_t seed = 0;
  std::vector<MatchPredicate> children;

  bool matches(const MatchSource& source) const;
};

struct MatchTree;

struct OnMatch {
  static constexpr uint32_t kNoAction = 0xffffffff;
  uint32_t action = kNoAction;
  bool keep_matching = false;             // what it leads to does not end the search
  std::shared_ptr<const MatchTree> tree;  // nullptr: the action
};

// Ranges of addresses, the smallest that an address is in first, then in their order.
class RangeMap {
 public:
  struct Entry {
    net::Cidr range;
    bool exclusive = false;  // counts only as the first
    OnMatch then;
  };

  void add(Entry entry);
  const std::vector<Entry>& entries() const { return entries_; }
  // Calls visit(entry) for the ranges that the address is in until it returns true.
  template <class Visit>
  void visit(const net::Address& address, Visit visit) const {
    for (const Size& size : sizes_) {
      std::optional<net::Cidr> around = net::Cidr::around(address, size.bits);
      if (!around || around->family() != size.family) continue;
      auto found = size.networks.find(around->network());
      if (found == size.networks.end()) continue;
      for (uint32_t at : found->second) {
        if (visit(entries_[at])) return;
      }
    }
  }

 private:
  struct Size {
    int family;
    uint32_t bits;
    absl::flat_hash_map<std::array<uint8_t, 16>, std::vector<uint32_t>> networks;
  };
  std::vector<Entry> entries_;
  std::vector<Size> sizes_;  // longest prefix first
};

struct MatchTree {
  enum class Kind : uint8_t {
    conditions,
    exact,   // `input` is one of `texts`
    prefix,  // `input` begins with some of `texts`, the longest first
    ranges   // `input` is an address
  };
  struct Condition {
    MatchPredicate predicate;
    OnMatch then;
  };
  Kind kind = Kind::conditions;
  std::vector<Condition> conditions;
  MatchInput input;
  TextMap<OnMatch> texts;
  std::vector<size_t> lengths;  // of the texts, longest first
  RangeMap ranges;
  OnMatch otherwise;

  // The number of the action; kNoAction: nothing matches.
  uint32_t find(const MatchSource& source) const;
};

}  // namespace outrigger::config
