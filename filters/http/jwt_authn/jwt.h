// Jwt: a token taken apart; nothing of it is to be believed before verify() and the checks of its
// provider. Thread: any; pure. Lifetime: the token's text outlives it. RFC 7515, RFC 7519.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/metadata.h"
#include "filters/http/jwt_authn/status.h"

namespace outrigger::filters::jwt_authn {

enum class KeyKind : uint8_t {
  rsa,
  ec,
  ed25519,
  secret
};

// What a signature is made with: the kind of key is part of the algorithm, so that a public key is
// never taken for a secret.
struct Algorithm {
  std::string_view name;
  KeyKind key;
  bool pss = false;
  const char* digest = nullptr;  // OpenSSL's name
  const char* curve = nullptr;   // OpenSSL's name of the group, of ec
};

// nullptr: there is no such algorithm here; "none" never is.
const Algorithm* find_algorithm(std::string_view name);

struct Jwt {
  const Algorithm* algorithm = nullptr;
  std::string kid;
  MetadataStruct header, payload;
  std::string_view signed_part;      // header and payload with the dot between them
  std::string_view payload_encoded;  // base64url
  std::string signature;
  std::string issuer, subject;
  std::vector<std::string> audiences;
  uint64_t issued_at = 0, not_before = 0, expires_at = 0;  // seconds since 1970; 0: not said
};

Status parse_jwt(std::string_view token, Jwt& out);

// Is the time right? A clock may be wrong by `skew` seconds.
Status check_time(const Jwt& jwt, uint64_t now, uint64_t skew);

}  // namespace outrigger::filters::jwt_authn
