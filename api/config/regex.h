// Regex: a compiled regular expression in RE2's language (linear time: a pattern or subject cannot
// make matching explode). Thread: any; immutable. Made by the configuration compiler.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outrigger::config {

class Regex {
 public:
  virtual ~Regex() = default;
  virtual bool full_match(std::string_view subject) const = 0;
  // Replaces every match by `substitution` (\1 names a group), as RE2::GlobalReplace.
  virtual std::string replace_all(std::string_view subject,
                                  std::string_view substitution) const = 0;
  virtual const std::string& pattern() const = 0;
};

using RegexPtr = std::shared_ptr<const Regex>;

// Many regular expressions, asked together: one pass over the subject, however many they are.
class RegexSet {
 public:
  virtual ~RegexSet() = default;
  // The places of those that match all of `subject`, ascending; nullopt: the subject asks too much
  // of the set, each must be asked by itself. Valid until the thread's next call.
  virtual std::optional<std::span<const int>> match(std::string_view subject) const = 0;
};

}  // namespace outrigger::config
