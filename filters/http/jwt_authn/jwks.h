// Jwks: the keys by which an issuer's tokens are known. Thread: any; immutable once parsed.
// Lifetime: shared by the requests that verify with it. RFC 7517, RFC 7518.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/http/jwt_authn/jwt.h"
#include "filters/http/jwt_authn/status.h"

struct evp_pkey_st;

namespace outrigger::filters::jwt_authn {

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};

struct Jwk {
  std::string kid;  // empty: of any
  std::string alg;  // empty: any of its kind
  KeyKind kind = KeyKind::rsa;
  std::string curve;                          // of ec, OpenSSL's name
  std::unique_ptr<evp_pkey_st, FreeKey> key;  // of all kinds but secret
  std::string secret;
};

struct Jwks {
  std::vector<Jwk> keys;
};

// Keys of kinds that are not known, and those that are broken, are left out; none left is an error.
Status parse_jwks(std::string_view json, Jwks& out);

// Is the token signed by one of the keys?
Status verify(const Jwt& jwt, const Jwks& keys);

}  // namespace outrigger::filters::jwt_authn
