// NameFilter: a regular expression from a request's parameter. Thread: main.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "re2/re2.h"

namespace outrigger::admin {

// `pattern` absent or empty: everything matches.
class NameFilter {
 public:
  explicit NameFilter(const std::string& pattern) {
    if (pattern.empty()) return;
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(kMaxProgramBytes);
    regex_ = std::make_unique<RE2>(pattern, options);
  }
  bool ok() const { return regex_ == nullptr || regex_->ok(); }
  std::string error() const { return regex_ == nullptr ? "" : regex_->error(); }
  bool finds(std::string_view name) const {
    return regex_ == nullptr ||
           RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *regex_);
  }
  bool matches_whole(std::string_view name) const {
    return regex_ == nullptr || RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *regex_);
  }

 private:
  static constexpr int64_t kMaxProgramBytes =
      1 << 20;  // the main thread matches every stat's name with it
  std::unique_ptr<RE2> regex_;
};

}  // namespace outrigger::admin
