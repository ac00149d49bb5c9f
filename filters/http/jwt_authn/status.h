// Status: what became of a token, or of a key set. Its text is what clients are told, so it is the
// one that Envoy's users know. Thread: any; constant.
#pragma once

#include <cstdint>
#include <string_view>

namespace outrigger::filters::jwt_authn {

#define OUTRIGGER_JWT_STATUSES(X)                                                                  \
  X(ok, "OK")                                                                                      \
  X(missing, "Jwt is missing")                                                                     \
  X(not_yet_valid, "Jwt not yet valid")                                                            \
  X(expired, "Jwt is expired")                                                                     \
  X(bad_format, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections") \
  X(header_not_base64, "Jwt header is an invalid Base64url encoded")                               \
  X(header_not_json, "Jwt header is an invalid JSON")                                              \
  X(header_bad_alg, "Jwt header [alg] field is required and must be a string")                     \
  X(header_unknown_alg, "Jwt header [alg] is not supported")                                       \
  X(header_bad_kid, "Jwt header [kid] field is not a string")                                      \
  X(payload_not_base64, "Jwt payload is an invalid Base64url encoded")                             \
  X(payload_not_json, "Jwt payload is an invalid JSON")                                            \
  X(bad_iss, "Jwt payload [iss] field is not a string")                                            \
  X(bad_sub, "Jwt payload [sub] field is not a string")                                            \
  X(bad_jti, "Jwt payload [jti] field is not a string")                                            \
  X(bad_iat, "Jwt payload [iat] field is not an integer")                                          \
  X(iat_out_of_range, "Jwt payload [iat] field is not a positive 64 bit integer")                  \
  X(bad_nbf, "Jwt payload [nbf] field is not an integer")                                          \
  X(nbf_out_of_range, "Jwt payload [nbf] field is not a positive 64 bit integer")                  \
  X(bad_exp, "Jwt payload [exp] field is not an integer")                                          \
  X(exp_out_of_range, "Jwt payload [exp] field is not a positive 64 bit integer")                  \
  X(bad_aud, "Jwt payload [aud] field is not a string or string list")                             \
  X(signature_not_base64, "Jwt signature is an invalid Base64url encoded")                         \
  X(ed25519_signature_length, "Jwt ED25519 signature is wrong length")                             \
  X(unknown_issuer, "Jwt issuer is not configured")                                                \
  X(audience_not_allowed, "Audiences in Jwt are not allowed")                                      \
  X(verification_failed, "Jwt verification fails")                                                 \
  X(keys_not_json, "Jwks is an invalid JSON")                                                      \
  X(no_keys_field, "Jwks does not have [keys] field")                                              \
  X(keys_not_array, "[keys] in Jwks is not an array")                                              \
  X(no_valid_keys, "Jwks doesn't have any valid public key")                                       \
  X(no_matching_key, "Jwks doesn't have key to match kid or alg from Jwt")                         \
  X(fetch_failed, "Jwks remote fetch is failed")

enum class Status : uint8_t {
#define OUTRIGGER_JWT_STATUS_NAME(name, text) name,
  OUTRIGGER_JWT_STATUSES(OUTRIGGER_JWT_STATUS_NAME)
#undef OUTRIGGER_JWT_STATUS_NAME
};

constexpr std::string_view text_of(Status status) {
  constexpr std::string_view kTexts[] = {
#define OUTRIGGER_JWT_STATUS_TEXT(name, text) text,
      OUTRIGGER_JWT_STATUSES(OUTRIGGER_JWT_STATUS_TEXT)
#undef OUTRIGGER_JWT_STATUS_TEXT
  };
  return kTexts[static_cast<unsigned>(status)];
}

}  // namespace outrigger::filters::jwt_authn
