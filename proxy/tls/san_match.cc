#include "proxy/tls/san_match.h"

#include <algorithm>
#include <cctype>

namespace outrigger::tls {
namespace {

using Type = config::SanMatcher::Type;

bool equal_ignore_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return tolower(x) == tolower(y); });
}

bool starts_with_ignore_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_ignore_case(text.substr(0, start.size()), start);
}

// "w*w" for "www": one star, at least one octet for it; an internationalised label has no stars.
bool label_matches(std::string_view label, std::string_view pattern) {
  size_t star = pattern.find('*');
  if (pattern.find('*', star + 1) != std::string_view::npos) return false;
  if (starts_with_ignore_case(pattern, "xn--")) return false;
  std::string_view before = pattern.substr(0, star);
  std::string_view after = pattern.substr(star + 1);
  if (label.size() < before.size() + after.size()) return false;
  return equal_ignore_case(label.substr(0, before.size()), before) &&
         equal_ignore_case(label.substr(label.size() - after.size()), after);
}

bool matches(const SubjectName& name, const config::SanMatcher& matcher) {
  if (name.type != matcher.type) return false;
  if (name.type == Type::other_name && name.oid != matcher.oid) return false;
  bool exact_dns =
      name.type == Type::dns && matcher.matcher.kind == config::StringMatcher::Kind::exact;
  return exact_dns ? dns_name_matches(matcher.matcher.text, name.text)
                   : matcher.matcher.matches(name.text);
}

}  // namespace

bool dns_name_matches(std::string_view name, std::string_view pattern) {
  if (equal_ignore_case(name, pattern)) return true;
  size_t name_dot = name.find('.');
  size_t pattern_dot = pattern.find('.');
  if (name_dot == std::string_view::npos || pattern_dot == std::string_view::npos) return false;
  std::string_view pattern_label = pattern.substr(0, pattern_dot);
  if (pattern_label.find('*') == std::string_view::npos) return false;
  return name_dot > 0 && equal_ignore_case(name.substr(name_dot), pattern.substr(pattern_dot)) &&
         label_matches(name.substr(0, name_dot), pattern_label);
}

bool any_name_matches(const std::vector<SubjectName>& names,
                      const std::vector<config::SanMatcher>& matchers) {
  for (const config::SanMatcher& matcher : matchers) {
    for (const SubjectName& name : names) {
      if (matches(name, matcher)) return true;
    }
  }
  return false;
}

bool any_name_is(const std::vector<SubjectName>& names, const std::vector<std::string>& wanted) {
  for (const SubjectName& name : names) {
    for (const std::string& want : wanted) {
      if (name.type == Type::dns ? dns_name_matches(want, name.text) : want == name.text)
        return true;
    }
  }
  return false;
}

}  // namespace outrigger::tls
