#include "xds/filter_compile_context.h"

#include "xds/compile_header_mutation.h"
#include "xds/compile_matcher.h"
#include "xds/compile_substitution.h"

namespace outrigger::xds {

absl::StatusOr<config::StringMatcher> FilterCompileContext::compile(
    const envoy::type::matcher::v3::StringMatcher& matcher) {
  return compile_string_matcher(matcher);
}

absl::StatusOr<config::HeaderMatch> FilterCompileContext::compile(
    const envoy::config::route::v3::HeaderMatcher& matcher) {
  return compile_header_match(matcher);
}

absl::StatusOr<config::HeaderAddition> FilterCompileContext::compile(
    const envoy::config::core::v3::HeaderValueOption& option) {
  return compile_header_addition(option);
}

config::RuntimeFraction FilterCompileContext::compile(
    const envoy::config::core::v3::RuntimeFractionalPercent& fraction) {
  return compile_runtime_fraction(fraction);
}

absl::StatusOr<config::SubstitutionFormat> FilterCompileContext::compile_format(
    std::string_view format) {
  return compile_substitution(format);
}

}  // namespace outrigger::xds
