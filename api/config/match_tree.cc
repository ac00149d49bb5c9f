#include "api/config/match_tree.h"

#include <algorithm>

namespace outrigger::config {
namespace {

constexpr uint32_t kNoAction = OnMatch::kNoAction;

uint32_t follow(const OnMatch& on_match, const MatchSource& source) {
  if (on_match.tree == nullptr) return on_match.keep_matching ? kNoAction : on_match.action;
  uint32_t found = on_match.tree->find(source);
  return on_match.keep_matching ? kNoAction : found;
}

// Calls use(address) if the input is an IP address.
template <class Use>
void with_address(const MatchInput& input, const MatchSource& source, Use use) {
  if (const net::Address* address = source.address(input)) {
    if (address->is_ip()) use(*address);
    return;
  }
  std::string scratch;
  std::optional<std::string_view> text = source.value(input, scratch);
  if (!text) return;
  if (auto address = net::Address::from_ip(*text, 0)) use(*address);
}

uint32_t find_in_conditions(const MatchTree& tree, const MatchSource& source) {
  for (const MatchTree::Condition& condition : tree.conditions) {
    if (!condition.predicate.matches(source)) continue;
    if (uint32_t found = follow(condition.then, source); found != kNoAction) return found;
  }
  return kNoAction;
}

uint32_t find_in_texts(const MatchTree& tree, const MatchSource& source) {
  std::string scratch;
  std::optional<std::string_view> text = source.value(tree.input, scratch);
  if (!text) return kNoAction;
  if (tree.kind == MatchTree::Kind::exact) {
    auto at = tree.texts.find(*text);
    return at == tree.texts.end() ? kNoAction : follow(at->second, source);
  }
  for (size_t length : tree.lengths) {
    if (length > text->size()) continue;
    auto at = tree.texts.find(text->substr(0, length));
    if (at == tree.texts.end()) continue;
    if (uint32_t found = follow(at->second, source); found != kNoAction) return found;
  }
  return kNoAction;
}

uint32_t find_in_ranges(const MatchTree& tree, const MatchSource& source) {
  uint32_t found = kNoAction;
  with_address(tree.input, source, [&](const net::Address& address) {
    bool first = true;
    tree.ranges.visit(address, [&](const RangeMap::Entry& entry) {
      if (!first && entry.exclusive) return false;
      first = false;
      found = follow(entry.then, source);
      return found != kNoAction;
    });
  });
  return found;
}

}  // namespace

bool MatchPredicate::matches(const MatchSource& source) const {
  auto holds = [&source](const MatchPredicate& child) { return child.matches(source); };
  switch (kind) {
    case Kind::text: {
      std::string scratch;
      std::optional<std::string_view> value = source.value(input, scratch);
      return value && text.matches(*value);
    }
    case Kind::ranges: {
      bool inside = false;
      with_address(input, source, [&](const net::Address& address) {
        inside = std::any_of(ranges.begin(), ranges.end(),
                             [&](const net::Cidr& range) { return range.contains(address); });
      });
      return inside;
    }
    case Kind::fraction: {
      std::string scratch;
      std::optional<std::string_view> value = source.value(input, scratch);
      return value && source.chosen(fraction, *value, seed);
    }
    case Kind::all:
      return std::all_of(children.begin(), children.end(), holds);
    case Kind::any:
      return std::any_of(children.begin(), children.end(), holds);
    case Kind::none:
      return std::none_of(children.begin(), children.end(), holds);
  }
  return false;
}

void RangeMap::add(Entry entry) {
  int family = entry.range.family();
  uint32_t bits = entry.range.prefix_length();
  auto size = std::find_if(sizes_.begin(), sizes_.end(),
                           [&](const Size& each) { return each.bits <= bits; });
  while (size != sizes_.end() && size->bits == bits && size->family != family) ++size;
  if (size == sizes_.end() || size->bits != bits) size = sizes_.insert(size, {family, bits, {}});
  size->networks[entry.range.network()].push_back(static_cast<uint32_t>(entries_.size()));
  entries_.push_back(std::move(entry));
}

uint32_t MatchTree::find(const MatchSource& source) const {
  uint32_t found = kNoAction;
  switch (kind) {
    case Kind::conditions:
      found = find_in_conditions(*this, source);
      break;
    case Kind::exact:
    case Kind::prefix:
      found = find_in_texts(*this, source);
      break;
    case Kind::ranges:
      found = find_in_ranges(*this, source);
      break;
  }
  return found != kNoAction ? found : follow(otherwise, source);
}

}  // namespace outrigger::config
