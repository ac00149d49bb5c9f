#include "proxy/observe/stat_names.h"

#include <algorithm>
#include <optional>
#include <regex>

#include "fmt/format.h"
#include "re2/re2.h"
#include "re2/set.h"

#include "proxy/observe/histogram_summary.h"

namespace outrigger::observe {
namespace {

constexpr std::string_view kResponseCode = "envoy.response_code";
constexpr std::string_view kResponseCodeClass = "envoy.response_code_class";

// Envoy prints tags in the order of its extractors, whatever their order in the name.
int rank(std::string_view tag) {
  if (tag == "envoy.worker_id") return 0;
  return tag == "envoy.listener_address" ? 2 : 1;
}

// Parts of a name that go: [begin, end).
using Cut = std::pair<size_t, size_t>;

std::string without(std::string_view name, std::vector<Cut> cuts) {
  std::sort(cuts.begin(), cuts.end());
  std::string out;
  size_t at = 0;
  for (const auto& [begin, end] : cuts) {
    if (begin > at) out += name.substr(at, begin - at);
    at = std::max(at, end);
  }
  out += name.substr(std::min(at, name.size()));
  return out;
}

// Where "<value>." stands between dots in the prefix, from `from` on.
std::optional<Cut> find_part(std::string_view prefix, std::string_view value) {
  size_t at = prefix.find(fmt::format(".{}.", value));
  if (at == std::string_view::npos) return std::nullopt;
  return Cut{at + 1, at + 1 + value.size() + 1};
}

// "..._rq_2xx": the position of the digit; npos: another name.
size_t class_digit(std::string_view field) {
  if (field.size() < 7 || !field.ends_with("xx")) return std::string_view::npos;
  size_t at = field.size() - 3;
  bool digit = field[at] >= '0' && field[at] <= '9';
  return digit && field.substr(0, at).ends_with("_rq_") ? at : std::string_view::npos;
}

}  // namespace

// A tag's regex. Envoy's are ECMAScript, and those that Istio writes look ahead, which RE2 cannot:
// only these are left to std::regex, whose matching recurses, so long names do without it.
struct StatNames::CustomTag {
  struct Found {
    std::string_view removed;
    std::string_view value;
  };
  static constexpr size_t kLongestForFallback = 2048;

  // Empty: the pattern is good.
  std::string compile(const std::string& pattern) {
    regex = std::make_unique<RE2>(pattern, RE2::Quiet);
    if (regex->ok()) return {};
    std::string error = regex->error();
    regex.reset();
    try {
      fallback = std::make_unique<std::regex>(pattern, std::regex::ECMAScript);
    } catch (const std::regex_error&) {
      return error;
    }
    return {};
  }
  std::optional<Found> find(std::string_view text) const {
    return regex != nullptr ? find_by_re2(text) : find_by_fallback(text);
  }

  std::string name;
  std::unique_ptr<RE2> regex;
  std::unique_ptr<std::regex> fallback;  // only without `regex`

 private:
  std::optional<Found> find_by_re2(std::string_view text) const {
    re2::StringPiece groups[3];
    int count = std::min(regex->NumberOfCapturingGroups(), 2) + 1;
    if (count < 2 ||
        !regex->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, groups, count))
      return std::nullopt;
    const re2::StringPiece& value = count == 3 ? groups[2] : groups[1];
    if (groups[1].data() == nullptr || value.data() == nullptr) return std::nullopt;
    return Found{{groups[1].data(), groups[1].size()}, {value.data(), value.size()}};
  }
  std::optional<Found> find_by_fallback(std::string_view text) const {
    std::cmatch groups;
    if (text.size() > kLongestForFallback ||
        !std::regex_search(text.data(), text.data() + text.size(), groups, *fallback))
      return std::nullopt;
    const auto& value = groups[groups.size() > 2 ? 2 : 1];
    if (!groups[1].matched || !value.matched) return std::nullopt;
    auto view = [](const std::csub_match& group) {
      return std::string_view(group.first, static_cast<size_t>(group.length()));
    };
    return Found{view(groups[1]), view(value)};
  }
};
struct StatNames::CustomTagSet {
  RE2::Set set{RE2::DefaultOptions, RE2::UNANCHORED};
};

StatNames::StatNames() = default;
StatNames::~StatNames() = default;

std::shared_ptr<const StatNames> StatNames::defaults() {
  return std::shared_ptr<const StatNames>(new StatNames);
}

absl::StatusOr<std::shared_ptr<const StatNames>> StatNames::compile(
    const config::StatsConfig& config) {
  std::shared_ptr<StatNames> names(new StatNames);
  names->match_ = config.match;
  names->patterns_ = config.patterns;
  names->buckets_ = config.histogram_buckets;
  names->all_default_tags_ = config.use_all_default_tags;
  for (const config::TagSpecifier& tag : config.tags) {
    if (!tag.fixed_value.empty()) {
      names->fixed_tags_.push_back({tag.tag_name, tag.fixed_value});
    } else if (tag.pattern.empty()) {
      names->default_tags_.push_back(tag.tag_name);
    } else {
      if (names->set_ == nullptr) names->set_ = std::make_unique<CustomTagSet>();
      CustomTag custom;
      custom.name = tag.tag_name;
      std::string error = custom.compile(tag.pattern);
      // What the set cannot tell is asked every time.
      if (error.empty()) names->set_->set.Add(custom.regex == nullptr ? "" : tag.pattern, &error);
      if (!error.empty()) {
        return absl::InvalidArgumentError(fmt::format(
            "stats_config.stats_tags: regex of tag '{}' is invalid: {}", tag.tag_name, error));
      }
      names->custom_tags_.push_back(std::move(custom));
    }
  }
  if (names->set_ != nullptr && !names->set_->set.Compile()) {
    return absl::InvalidArgumentError(
        "stats_config.stats_tags: the regexes are too large together");
  }
  return names;
}

bool StatNames::includes(std::string_view name) const {
  using Match = config::StatsConfig::Match;
  if (match_ == Match::all) return true;
  if (match_ == Match::none) return false;
  bool matched = std::any_of(patterns_.begin(), patterns_.end(),
                             [&](const config::StringMatcher& p) { return p.matches(name); });
  return matched == (match_ == Match::include);
}

bool StatNames::tag_enabled(std::string_view name) const {
  auto has_name = [&](const auto& tag) { return tag.name == name; };
  // A rule of the configuration takes the default's place.
  if (std::any_of(custom_tags_.begin(), custom_tags_.end(), has_name) ||
      std::any_of(fixed_tags_.begin(), fixed_tags_.end(), has_name))
    return false;
  return all_default_tags_ ||
         std::find(default_tags_.begin(), default_tags_.end(), name) != default_tags_.end();
}

ExtractedName StatNames::extract_prefix(const StatsScope& scope) const {
  ExtractedName out{scope.extracted_prefix(), fixed_tags_};
  std::vector<StatTag> tags = scope.tags();
  std::vector<Cut> cuts;
  bool all = true;
  for (StatTag& tag : tags) {
    if (!tag_enabled(tag.name)) {
      all = false;
      continue;
    }
    if (auto cut = find_part(scope.prefix(), tag.value)) cuts.push_back(*cut);
    out.tags.push_back(std::move(tag));
  }
  if (!all) out.name = without(scope.prefix(), std::move(cuts));
  std::stable_sort(out.tags.begin() + static_cast<ptrdiff_t>(fixed_tags_.size()), out.tags.end(),
                   [](const StatTag& a, const StatTag& b) { return rank(a.name) < rank(b.name); });
  return out;
}

bool StatNames::tags_response_codes() const {
  return tag_enabled(kResponseCode);
}

ExtractedName StatNames::extract_field(std::string_view field, int code) const {
  ExtractedName out;
  if (code != 0) {
    if (tag_enabled(kResponseCode)) {
      return {std::string(field), {{std::string(kResponseCode), std::to_string(code)}}};
    }
    append_stat_name("", field, code, out.name);
    return out;
  }
  out.name = field;
  size_t digit = class_digit(field);
  if (digit == std::string_view::npos || !tag_enabled(kResponseCodeClass)) return out;
  out.name.erase(digit, 1);
  out.tags.push_back({std::string(kResponseCodeClass), std::string(1, field[digit])});
  return out;
}

std::optional<ExtractedName> StatNames::extract_custom(const StatsScope& scope,
                                                       std::string_view field, int code) const {
  std::string name;
  append_stat_name(scope.prefix(), field, code, name);
  std::vector<int> matched;
  if (set_ == nullptr || !set_->set.Match(name, &matched)) return std::nullopt;
  std::sort(matched.begin(), matched.end());

  // Each tag is found in the whole name, so what they cut out may overlap.
  std::vector<Cut> cuts;
  ExtractedName out = extract_field(field, code);
  size_t field_at = scope.prefix().size();
  if (!out.tags.empty()) {
    size_t at = code != 0 ? field_at + field.size() : field_at + class_digit(field);
    cuts.push_back({at, code != 0 ? name.size() : at + 1});
  }
  ExtractedName prefix = extract_prefix(scope);
  for (size_t i = 0; i < prefix.tags.size(); ++i) {
    bool fixed = i < fixed_tags_.size();
    auto cut = fixed ? std::nullopt : find_part(scope.prefix(), prefix.tags[i].value);
    if (cut) cuts.push_back(*cut);
    out.tags.push_back(std::move(prefix.tags[i]));
  }
  for (int i : matched) {
    const CustomTag& tag = custom_tags_[static_cast<size_t>(i)];
    auto found = tag.find(name);
    if (!found) continue;
    auto begin = static_cast<size_t>(found->removed.data() - name.data());
    cuts.push_back({begin, begin + found->removed.size()});
    out.tags.push_back({tag.name, std::string(found->value)});
  }
  out.name = without(name, std::move(cuts));
  return out;
}

std::span<const double> StatNames::buckets(std::string_view name) const {
  for (const config::StatsConfig::Buckets& buckets : buckets_) {
    if (buckets.name.matches(name)) return buckets.bounds;
  }
  return default_buckets();
}

void append_stat_name(std::string_view prefix, std::string_view field, int code, std::string& out) {
  out += prefix;
  out += field;
  if (code == 0) return;
  char digits[4] = {'_', static_cast<char>('0' + code / 100),
                    static_cast<char>('0' + code / 10 % 10), static_cast<char>('0' + code % 10)};
  out.append(digits, sizeof digits);
}

}  // namespace outrigger::observe
