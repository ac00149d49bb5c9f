// Authenticator: judges the tokens of one request. What a good token is to leave behind (headers,
// metadata) is done as it is verified, in order, since one requirement may take away what the next
// looks at. Thread: the stream's worker. Lifetime: the call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/filter/http_filter.h"
#include "filters/http/jwt_authn/settings.h"
#include "filters/http/jwt_authn/stats.h"

namespace outrigger::filters::jwt_authn {

class Authenticator {
 public:
  Authenticator(FilterContext& context, const Settings& settings, JwtStats& stats)
      : context_(context), settings_(settings), stats_(stats) {}

  // The sources whose keys have to be fetched before judge(), each once.
  void collect_missing_keys(const Requirement& requirement, std::vector<KeySource*>& out) const;

  Status judge(const Requirement& requirement);

  const MetadataStruct& metadata() const { return metadata_; }
  bool clear_route() const { return clear_route_; }

 private:
  // Whose tokens are looked at: one provider's, or everybody's (nullptr).
  struct Scope {
    const Provider* provider = nullptr;
    const std::vector<std::string>* audiences = nullptr;  // instead of the provider's
    bool allow_failed = false, allow_missing = false;
  };

  Status judge_any(const Requirement& requirement);
  Status judge_all(const Requirement& requirement);
  Status judge_tokens(const Scope& scope);
  Status judge_token(const FoundToken& token, const Scope& scope);
  Status check_claims(const Jwt& jwt, const Provider& provider, const Scope& scope) const;
  void accept(const FoundToken& token, const Jwt& jwt, const Provider& provider);
  void add_claims(const Jwt& jwt, const Provider& provider);
  void keep_payload(const Jwt& jwt, const Provider& provider);
  void sanitize(const Provider& provider);
  void collect(const Scope& scope, std::vector<KeySource*>& out) const;
  const TokenLocations& locations(const Scope& scope) const {
    return scope.provider != nullptr ? scope.provider->locations : settings_.all_locations;
  }

  FilterContext& context_;
  const Settings& settings_;
  JwtStats& stats_;
  MetadataStruct metadata_;
  bool clear_route_ = false;
};

}  // namespace outrigger::filters::jwt_authn
