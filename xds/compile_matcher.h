// Compiles the conditions that routes, access logs and filters share. Thread: main.
// Errors open with the path of the field inside the message: "string_match.safe_regex: ...".
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"
#include "envoy/type/v3/percent.pb.h"

#include "api/config/route_match.h"
#include "api/config/string_matcher.h"

namespace outrigger::xds {

absl::StatusOr<config::StringMatcher> compile_string_matcher(
    const envoy::type::matcher::v3::StringMatcher& matcher);

absl::StatusOr<config::HeaderMatch> compile_header_match(
    const envoy::config::route::v3::HeaderMatcher& matcher);

absl::StatusOr<config::QueryMatch> compile_query_match(
    const envoy::config::route::v3::QueryParameterMatcher& matcher);

// A numerator above its denominator is all.
uint32_t per_million(const envoy::type::v3::FractionalPercent& percent);
config::RuntimeFraction compile_runtime_fraction(
    const envoy::config::core::v3::RuntimeFractionalPercent& fraction);

}  // namespace outrigger::xds
