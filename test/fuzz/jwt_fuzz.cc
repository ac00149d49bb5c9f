// Tokens and key sets of anybody's making: whatever they are, they are parsed or refused, and only
// a token that a key signed is good. Input: a key set, an octet 0, a token.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "filters/http/jwt_authn/jwks.h"

namespace {

using outrigger::filters::jwt_authn::Jwks;
using outrigger::filters::jwt_authn::Jwt;
using outrigger::filters::jwt_authn::Status;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view json = input.substr(0, input.find('\0'));
  std::string_view token = json.size() < input.size() ? input.substr(json.size() + 1) : input;

  Jwks keys;
  bool usable = parse_jwks(json, keys) == Status::ok;
  if (usable == keys.keys.empty()) abort();

  Jwt jwt;
  if (parse_jwt(token, jwt) != Status::ok) return 0;
  if (jwt.algorithm == nullptr || jwt.algorithm->name == "none") abort();
  if (!token.starts_with(jwt.signed_part)) abort();
  Status status = verify(jwt, keys);
  if (status == Status::ok && keys.keys.empty()) abort();
  // A key of another kind never verifies.
  if (status == Status::ok) {
    bool fits = false;
    for (const auto& key : keys.keys) fits = fits || key.kind == jwt.algorithm->key;
    if (!fits) abort();
  }
  return 0;
}
