#include "api/config/route_index.h"

#include <algorithm>

#include "api/config/route.h"

namespace outrigger::config {
namespace {

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

RouteIndex::RouteIndex(std::span<const Route> routes, const MakeRegexSet& make_regex_set) {
  std::vector<std::string_view> patterns;
  for (uint32_t at = 0; at < routes.size(); ++at) add(routes[at], at, patterns);
  exact_case_.prefixes.finish();
  any_case_.prefixes.finish();
  if (regexes_.size() >= kMinRegexes && make_regex_set) regex_set_ = make_regex_set(patterns);
  if (regex_set_ != nullptr) return;
  others_.insert(others_.end(), regexes_.begin(), regexes_.end());
  std::sort(others_.begin(), others_.end());
  regexes_.clear();
}

void RouteIndex::add(const Route& route, uint32_t position,
                     std::vector<std::string_view>& patterns) {
  const PathMatch& path = route.match.path;
  Texts& texts = path.case_sensitive ? exact_case_ : any_case_;
  std::string text = path.text;
  if (!path.case_sensitive) std::transform(text.begin(), text.end(), text.begin(), lower_case);
  switch (path.kind) {
    case PathMatch::Kind::path:
      texts.exact[std::move(text)].push_back(position);
      texts.used = true;
      return;
    case PathMatch::Kind::prefix:
    case PathMatch::Kind::path_separated_prefix:
      texts.prefixes.add(text, position);
      texts.used = true;
      return;
    case PathMatch::Kind::regex:
      patterns.push_back(path.regex->pattern());
      regexes_.push_back(position);
      return;
    case PathMatch::Kind::path_template:
    case PathMatch::Kind::connect:
      others_.push_back(position);
      return;
  }
}

void RouteIndex::Prefixes::add(std::string_view text, uint32_t route) {
  prefixes_.push_back({std::string(text), {route}, kNone});
}

void RouteIndex::Prefixes::finish() {
  std::stable_sort(prefixes_.begin(), prefixes_.end(),
                   [](const Prefix& a, const Prefix& b) { return a.text < b.text; });
  std::vector<Prefix> merged;
  for (Prefix& prefix : prefixes_) {
    if (!merged.empty() && merged.back().text == prefix.text) {
      merged.back().routes.push_back(prefix.routes.front());
    } else {
      merged.push_back(std::move(prefix));
    }
  }
  prefixes_ = std::move(merged);
  // In sorted order a text comes right after its prefixes and their other continuations: the
  // parent of one is on the chain of the one before it.
  for (uint32_t at = 1; at < prefixes_.size(); ++at) {
    uint32_t candidate = at - 1;
    while (candidate != kNone && !prefixes_[at].text.starts_with(prefixes_[candidate].text)) {
      candidate = prefixes_[candidate].parent;
    }
    prefixes_[at].parent = candidate;
  }
}

uint32_t RouteIndex::Prefixes::longest(std::string_view path) const {
  // Whatever stands between the longest prefix and `path` in sorted order starts with that prefix.
  auto after = std::ranges::upper_bound(
      prefixes_, path, {}, [](const Prefix& prefix) { return std::string_view(prefix.text); });
  auto at = static_cast<uint32_t>(after - prefixes_.begin()) - 1;  // kNone before the first
  while (at != kNone && !path.starts_with(prefixes_[at].text)) at = prefixes_[at].parent;
  return at;
}

void RouteIndex::Prefixes::collect(std::string_view path, Lists& lists) const {
  for (uint32_t at = longest(path); at != kNone; at = prefixes_[at].parent) {
    lists.emplace_back(prefixes_[at].routes);
  }
}

void RouteIndex::Texts::collect(std::string_view path, Lists& lists) const {
  if (auto it = exact.find(path); it != exact.end()) lists.emplace_back(it->second);
  prefixes.collect(path, lists);
}

RouteIndex::Search::Search(const RouteIndex& index, std::string_view path)
    : index_(index), path_(path) {
  if (!index.others_.empty()) lists_.emplace_back(index.others_);
  if (index.exact_case_.used) index.exact_case_.collect(path, lists_);
  if (index.any_case_.used) {
    lower_case_.resize(path.size());
    std::transform(path.begin(), path.end(), lower_case_.begin(), lower_case);
    index.any_case_.collect({lower_case_.data(), lower_case_.size()}, lists_);
  }
  if (index.regex_set_ == nullptr) return;
  asked_ = false;
  lists_.emplace_back(index.regexes_);
}

const uint32_t* RouteIndex::Search::next() {
  while (!lists_.empty()) {
    size_t first = 0;
    for (size_t i = 1; i < lists_.size(); ++i) {
      if (lists_[i].front() < lists_[first].front()) first = i;
    }
    // Until it was asked, the regular expressions' list is all of them.
    if (!asked_ && lists_[first].data() == index_.regexes_.data()) {
      lists_.erase(lists_.begin() + static_cast<std::ptrdiff_t>(first));
      ask_regexes();
      continue;
    }
    const uint32_t* position = lists_[first].data();
    lists_[first] = lists_[first].subspan(1);
    if (lists_[first].empty()) lists_.erase(lists_.begin() + static_cast<std::ptrdiff_t>(first));
    return position;
  }
  return nullptr;
}

void RouteIndex::Search::ask_regexes() {
  asked_ = true;
  std::optional<std::span<const int>> found = index_.regex_set_->match(path_);
  if (!found) {  // too complex for this path: each is asked by itself
    lists_.emplace_back(index_.regexes_);
    return;
  }
  for (int at : *found) matched_.push_back(index_.regexes_[static_cast<size_t>(at)]);
  if (!matched_.empty()) lists_.emplace_back(matched_);
}

}  // namespace outrigger::config
