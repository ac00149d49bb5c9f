#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/internal_redirect/allow_listed_routes/v3/allow_listed_routes_config.pb.h"
#include "envoy/extensions/internal_redirect/previous_routes/v3/previous_routes_config.pb.h"
#include "envoy/extensions/internal_redirect/safe_cross_scheme/v3/safe_cross_scheme_config.pb.h"

#include "xds/compile_route_parts.h"
#include "xds/compile_values.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using config::InternalRedirectPolicy;
using envoy::extensions::internal_redirect::allow_listed_routes::v3::AllowListedRoutesConfig;
using envoy::extensions::internal_redirect::previous_routes::v3::PreviousRoutesConfig;
using envoy::extensions::internal_redirect::safe_cross_scheme::v3::SafeCrossSchemeConfig;

// Codes that are no redirect are left out, as in Envoy.
constexpr uint32_t kRedirects[] = {301, 302, 303, 307, 308};

void compile_predicate(const envoy::config::core::v3::TypedExtensionConfig& predicate,
                       const std::string& field, InternalRedirectPolicy& out, FieldErrors& errors) {
  const auto& any = predicate.typed_config();
  if (is_type(any, PreviousRoutesConfig::descriptor()->full_name())) {
    out.predicates.emplace_back(InternalRedirectPolicy::PreviousRoutes{});
  } else if (is_type(any, SafeCrossSchemeConfig::descriptor()->full_name())) {
    out.predicates.emplace_back(InternalRedirectPolicy::SafeCrossScheme{});
  } else if (is_type(any, AllowListedRoutesConfig::descriptor()->full_name())) {
    auto message = unpack_any(any);
    if (!message.ok()) {
      errors.add(field, message.status());
      return;
    }
    const auto& listed = static_cast<const AllowListedRoutesConfig&>(**message);
    out.predicates.emplace_back(InternalRedirectPolicy::AllowListedRoutes{
        {listed.allowed_route_names().begin(), listed.allowed_route_names().end()}});
  } else {
    errors.add(field, fmt::format("'{}' is not supported by Outrigger", any.type_url()));
  }
}

}  // namespace

absl::StatusOr<config::InternalRedirectPolicy> compile_internal_redirect(
    const envoy::config::route::v3::InternalRedirectPolicy& policy) {
  FieldErrors errors;
  InternalRedirectPolicy out;
  if (policy.has_max_internal_redirects())
    out.max_redirects = policy.max_internal_redirects().value();
  if (policy.redirect_response_codes_size() > 0) out.codes.clear();
  for (uint32_t code : policy.redirect_response_codes()) {
    if (std::ranges::find(kRedirects, code) != std::end(kRedirects)) out.codes.push_back(code);
  }
  out.allow_cross_scheme = policy.allow_cross_scheme_redirect();
  for (int i = 0; i < policy.predicates_size(); ++i) {
    compile_predicate(policy.predicates(i), indexed("predicates", i) + ".typed_config", out,
                      errors);
  }
  for (int i = 0; i < policy.response_headers_to_copy_size(); ++i) {
    std::string name = absl::AsciiStrToLower(policy.response_headers_to_copy(i));
    if (name.starts_with(':') || name == "host") {
      errors.add(indexed("response_headers_to_copy", i),
                 fmt::format("'{}': :-prefixed headers or host may not be copied", name));
    }
    out.response_headers_to_copy.push_back(std::move(name));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
