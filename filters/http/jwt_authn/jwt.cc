#include "filters/http/jwt_authn/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "filters/http/jwt_authn/base64url.h"
#include "filters/http/jwt_authn/json.h"

namespace outrigger::filters::jwt_authn {
namespace {

constexpr Algorithm kAlgorithms[] = {
    {"RS256", KeyKind::rsa, false, "SHA256", nullptr},
    {"RS384", KeyKind::rsa, false, "SHA384", nullptr},
    {"RS512", KeyKind::rsa, false, "SHA512", nullptr},
    {"PS256", KeyKind::rsa, true, "SHA256", nullptr},
    {"PS384", KeyKind::rsa, true, "SHA384", nullptr},
    {"PS512", KeyKind::rsa, true, "SHA512", nullptr},
    {"ES256", KeyKind::ec, false, "SHA256", "prime256v1"},
    {"ES384", KeyKind::ec, false, "SHA384", "secp384r1"},
    {"ES512", KeyKind::ec, false, "SHA512", "secp521r1"},
    {"HS256", KeyKind::secret, false, "SHA256", nullptr},
    {"HS384", KeyKind::secret, false, "SHA384", nullptr},
    {"HS512", KeyKind::secret, false, "SHA512", nullptr},
    {"EdDSA", KeyKind::ed25519, false, nullptr, nullptr},
};

// False: it is there and not a string.
bool read_string(const MetadataStruct& from, std::string_view name, std::string& out) {
  const MetadataValue* value = from.find(name);
  if (value == nullptr) return true;
  const std::string* text = value->string();
  if (text != nullptr) out = *text;
  return text != nullptr;
}

Status read_time(const MetadataStruct& payload, std::string_view name, Status bad,
                 Status out_of_range, uint64_t& out) {
  const MetadataValue* value = payload.find(name);
  if (value == nullptr) return Status::ok;
  const double* number = std::get_if<double>(&value->get());
  if (number == nullptr) return bad;
  constexpr double kEnd = 9.2e18;  // below 2^63: sums with a skew stay in 64 bits
  if (*number < 0 || *number >= kEnd) return out_of_range;
  if (std::trunc(*number) != *number) return bad;
  out = static_cast<uint64_t>(*number);
  return Status::ok;
}

bool read_audiences(const MetadataStruct& payload, std::vector<std::string>& out) {
  const MetadataValue* value = payload.find("aud");
  if (value == nullptr) return true;
  if (const std::string* one = value->string()) {
    out.push_back(*one);
    return true;
  }
  const auto* list = std::get_if<MetadataList>(&value->get());
  if (list == nullptr) return false;
  for (const MetadataValue& element : *list) {
    if (element.string() == nullptr) return false;
    out.push_back(*element.string());
  }
  return true;
}

Status read_header(std::string_view encoded, Jwt& out) {
  auto text = decode_base64url(encoded);
  if (!text) return Status::header_not_base64;
  auto json = parse_json_object(*text);
  if (!json) return Status::header_not_json;
  out.header = *std::move(json);
  std::string name;
  if (out.header.find("alg") == nullptr || !read_string(out.header, "alg", name)) {
    return Status::header_bad_alg;
  }
  out.algorithm = find_algorithm(name);
  if (out.algorithm == nullptr) return Status::header_unknown_alg;
  // Extensions that one must understand and does not (RFC 7515, 4.1.11).
  if (out.header.find("crit") != nullptr) return Status::verification_failed;
  return read_string(out.header, "kid", out.kid) ? Status::ok : Status::header_bad_kid;
}

Status read_claims(Jwt& out) {
  std::string id;
  if (!read_string(out.payload, "iss", out.issuer)) return Status::bad_iss;
  if (!read_string(out.payload, "sub", out.subject)) return Status::bad_sub;
  Status status =
      read_time(out.payload, "iat", Status::bad_iat, Status::iat_out_of_range, out.issued_at);
  if (status == Status::ok) {
    status =
        read_time(out.payload, "nbf", Status::bad_nbf, Status::nbf_out_of_range, out.not_before);
  }
  if (status == Status::ok) {
    status =
        read_time(out.payload, "exp", Status::bad_exp, Status::exp_out_of_range, out.expires_at);
  }
  if (status != Status::ok) return status;
  if (!read_string(out.payload, "jti", id)) return Status::bad_jti;
  return read_audiences(out.payload, out.audiences) ? Status::ok : Status::bad_aud;
}

}  // namespace

const Algorithm* find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

Status parse_jwt(std::string_view token, Jwt& out) {
  size_t first = token.find('.');
  size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return Status::bad_format;
  }
  std::string_view header = token.substr(0, first);
  out.payload_encoded = token.substr(first + 1, second - first - 1);
  std::string_view signature = token.substr(second + 1);
  if (header.empty() || out.payload_encoded.empty() || signature.empty()) {
    return Status::bad_format;
  }
  out.signed_part = token.substr(0, second);
  if (Status status = read_header(header, out); status != Status::ok) return status;

  auto payload = decode_base64url(out.payload_encoded);
  if (!payload) return Status::payload_not_base64;
  auto json = parse_json_object(*payload);
  if (!json) return Status::payload_not_json;
  out.payload = *std::move(json);
  if (Status status = read_claims(out); status != Status::ok) return status;

  auto octets = decode_base64url(signature);
  if (!octets) return Status::signature_not_base64;
  out.signature = *std::move(octets);
  return Status::ok;
}

Status check_time(const Jwt& jwt, uint64_t now, uint64_t skew) {
  if (now + skew < jwt.not_before) return Status::not_yet_valid;
  if (jwt.expires_at != 0 && now > jwt.expires_at + skew) return Status::expired;
  return Status::ok;
}

}  // namespace outrigger::filters::jwt_authn
