// StatNames: what stats_config says about names: which statistics exist, which parts of a name are
// tags, which buckets a histogram has. Semantics: envoy.config.metrics.v3.StatsConfig. Thread: any;
// immutable. Scopes carry their default tags, so only configured regexes run over names.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/bootstrap.h"
#include "api/stats.h"

namespace re2 {
class RE2;
}

namespace outrigger::observe {

// A name without its tags' values, and the tags in the order in which they are printed.
struct ExtractedName {
  std::string name;
  std::vector<StatTag> tags;
};

class StatNames {
 public:
  // An error names the regex that is none.
  static absl::StatusOr<std::shared_ptr<const StatNames>> compile(
      const config::StatsConfig& config);
  // No configuration: every statistic, the default tags, the default buckets.
  static std::shared_ptr<const StatNames> defaults();
  ~StatNames();

  // stats_matcher.
  bool includes_all() const { return match_ == config::StatsConfig::Match::all; }
  bool includes(std::string_view name) const;

  // The prefix of a scope; the tags include stats_config's fixed ones.
  ExtractedName extract_prefix(const StatsScope& scope) const;
  // A field of a scope: "upstream_rq_2xx" has the tag envoy.response_code_class; `code` not 0: the
  // response code of a CODES field.
  ExtractedName extract_field(std::string_view field, int code) const;
  // Whether a response code is a tag; otherwise it stays in the name.
  bool tags_response_codes() const;
  bool has_custom_tags() const { return set_ != nullptr; }
  // The whole name, if a configured regex matches it; otherwise extract_prefix and extract_field
  // together are right.
  std::optional<ExtractedName> extract_custom(const StatsScope& scope, std::string_view field,
                                              int code) const;

  std::span<const double> buckets(std::string_view name) const;

 private:
  struct CustomTag;
  struct CustomTagSet;

  StatNames();
  bool tag_enabled(std::string_view name) const;

  config::StatsConfig::Match match_ = config::StatsConfig::Match::all;
  std::vector<config::StringMatcher> patterns_;
  std::vector<config::StatsConfig::Buckets> buckets_;
  bool all_default_tags_ = true;
  std::vector<std::string> default_tags_;  // those named, where not all are in force
  std::vector<StatTag> fixed_tags_;
  std::vector<CustomTag> custom_tags_;
  std::unique_ptr<CustomTagSet> set_;  // all regexes in one pass over a name
};

// "cluster.backend.upstream_rq_200" of prefix, field and code, appended to `out`.
void append_stat_name(std::string_view prefix, std::string_view field, int code, std::string& out);

}  // namespace outrigger::observe
