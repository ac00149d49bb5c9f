// TokenLocations: where a request carries its tokens, for one provider or for all of them. Thread:
// any; immutable. Lifetime: the settings'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/arena.h"
#include "api/http/header_map.h"

namespace outrigger::filters::jwt_authn {

struct TokenHeader {
  std::string name;    // lower case
  std::string prefix;  // "Bearer "
};

struct TokenLocation {
  enum class Kind : unsigned char {
    header,
    parameter,
    cookie
  };
  Kind kind = Kind::header;
  std::string name;
  std::string prefix;
  // Whose tokens are taken from here; an empty one stands for anybody's.
  std::vector<std::string> issuers;

  bool allows(std::string_view issuer) const;
};

// A token, in the request's arena.
struct FoundToken {
  std::string_view text;
  const TokenLocation* location;
};

class TokenLocations {
 public:
  // Neither given: the Authorization header and the parameter access_token.
  void add_provider(const std::string& issuer, const std::vector<TokenHeader>& headers,
                    const std::vector<std::string>& parameters,
                    const std::vector<std::string>& cookies);

  // Headers, parameters, cookies; each in the order of their names.
  std::vector<FoundToken> find(const http::HeaderMap& headers, Arena& arena) const;

 private:
  void add(TokenLocation::Kind kind, const std::string& name, const std::string& prefix,
           const std::string& issuer);

  std::vector<TokenLocation> locations_;  // sorted
};

// Takes the token out of the request.
void remove_token(const FoundToken& token, http::HeaderMap& headers);

}  // namespace outrigger::filters::jwt_authn
