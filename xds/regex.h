// Compiles regular expressions to config::Regex, by RE2: linear time, whatever the pattern and the
// subject. Thread: main compiles; the result is immutable and used by all workers.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/type/matcher/v3/regex.pb.h"

#include "api/config/regex.h"
#include "api/config/route.h"

namespace outrigger::xds {

absl::StatusOr<config::RegexPtr> compile_regex(std::string_view pattern);
absl::StatusOr<config::RegexPtr> compile_regex(
    const envoy::type::matcher::v3::RegexMatcher& matcher);
// Checks too that the substitution names only groups that the pattern has.
absl::StatusOr<config::RegexRewrite> compile_regex_rewrite(
    const envoy::type::matcher::v3::RegexMatchAndSubstitute& rewrite);

// nullptr: together they are more than RE2 takes.
std::shared_ptr<const config::RegexSet> make_regex_set(
    const std::vector<std::string_view>& patterns);

}  // namespace outrigger::xds
