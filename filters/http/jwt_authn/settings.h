// Settings: which requests need which tokens, compiled. Thread: any; immutable. Lifetime: the
// filter factory's. Semantics: envoy.extensions.filters.http.jwt_authn.v3.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/config/route_match.h"
#include "api/config/string_matcher.h"
#include "api/filter/http_filter.h"
#include "filters/http/jwt_authn/key_source.h"
#include "filters/http/jwt_authn/token_locations.h"

namespace outrigger::filters::jwt_authn {

struct ClaimHeader {
  std::string header;              // lower case
  std::vector<std::string> claim;  // the path of the member
};

struct Provider {
  static constexpr uint64_t kDefaultSkew = 60;  // seconds

  std::string name;
  std::string issuer;                  // empty: anybody
  std::vector<std::string> audiences;  // none: not checked
  std::optional<config::StringMatcher> subjects;
  bool require_expiration = false;
  std::optional<std::chrono::seconds> max_lifetime;
  uint64_t clock_skew = kDefaultSkew;
  std::shared_ptr<KeySource> keys;
  TokenLocations locations;

  bool forward = false;  // the token stays in the request
  std::string payload_header;
  bool pad_payload_header = false;
  std::string payload_metadata, header_metadata;  // keys; empty: not kept
  std::vector<std::string> space_delimited_claims;
  std::vector<ClaimHeader> claim_headers;
  bool clear_route = false;
};

struct Requirement {
  enum class Kind : uint8_t {
    nothing,
    provider,
    any,
    all,
    allow_missing,
    allow_missing_or_failed
  };
  Kind kind = Kind::nothing;
  const Provider* provider = nullptr;
  std::optional<std::vector<std::string>> audiences;  // instead of the provider's
  std::vector<Requirement> children;
  // Of `any`: what is enough besides one of the children.
  bool or_missing = false, or_failed = false;
};

struct Rule {
  config::RouteMatch match;
  const Requirement* requirement = nullptr;  // nullptr: none
};

struct Settings {
  std::vector<std::unique_ptr<Provider>> providers;  // by name
  TokenLocations all_locations;
  std::vector<std::unique_ptr<Requirement>> requirements;
  std::map<std::string, const Requirement*, std::less<>> by_name;  // requirement_map
  std::vector<Rule> rules;
  std::string filter_state;  // of filter_state_rules; empty: none
  std::map<std::string, const Requirement*, std::less<>> by_filter_state;
  bool bypass_cors_preflight = false;
  bool strip_failure_response = false;

  // The provider of tokens that say this of themselves: theirs, or one that takes any.
  const Provider* find_by_issuer(std::string_view issuer) const;
};

struct JwtRouteConfig final : FilterRouteConfig {
  bool disabled = false;
  std::string requirement_name;
};

}  // namespace outrigger::filters::jwt_authn
