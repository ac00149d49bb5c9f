#include "filters/http/jwt_authn/jwks.h"

#include <optional>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "filters/http/jwt_authn/base64url.h"
#include "filters/http/jwt_authn/json.h"

namespace outrigger::filters::jwt_authn {
namespace {

// A shorter modulus can be factored by anybody with a cluster.
constexpr int kMinRsaBits = 1024;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

std::string text(const MetadataStruct& from, std::string_view name) {
  const MetadataValue* value = from.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

// nullopt: the member is not there, or not base64url, or empty.
std::optional<std::string> octets(const MetadataStruct& from, std::string_view name) {
  auto decoded = decode_base64url(text(from, name));
  return decoded && !decoded->empty() ? decoded : std::nullopt;
}

Number number(const std::string& bytes) {
  return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                          static_cast<int>(bytes.size()), nullptr));
}

Key build_key(const char* type, const Builder& builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

Key rsa_key(const MetadataStruct& from) {
  auto modulus = octets(from, "n");
  auto exponent = octets(from, "e");
  Builder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || builder == nullptr) return nullptr;
  Number n = number(*modulus), e = number(*exponent);
  if (n == nullptr || e == nullptr || BN_num_bits(n.get()) < kMinRsaBits) return nullptr;
  // Other exponents are mistakes, or make each verification expensive.
  if (!BN_is_word(e.get(), 3) && !BN_is_word(e.get(), 65537)) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return build_key("RSA", builder);
}

struct Curve {
  std::string_view name, algorithm;
  const char* group;
  size_t octets;  // of a coordinate
};
constexpr Curve kCurves[] = {{"P-256", "ES256", "prime256v1", 32},
                             {"P-384", "ES384", "secp384r1", 48},
                             {"P-521", "ES512", "secp521r1", 66}};

// By what the key says of itself; a key that says nothing is on P-256. nullptr: unknown, or the
// two contradict each other.
const Curve* find_curve(std::string_view name, std::string_view algorithm) {
  if (name.empty() && algorithm.empty()) return &kCurves[0];
  for (const Curve& curve : kCurves) {
    if ((name.empty() || name == curve.name) &&
        (algorithm.empty() || algorithm == curve.algorithm)) {
      return &curve;
    }
  }
  return nullptr;
}

Key ec_key(const MetadataStruct& from, const Curve& curve) {
  auto x = octets(from, "x");
  auto y = octets(from, "y");
  Builder builder(OSSL_PARAM_BLD_new());
  if (!x || !y || x->size() > curve.octets || y->size() > curve.octets || builder == nullptr) {
    return nullptr;
  }
  std::string point("\x04");  // uncompressed
  point.append(curve.octets - x->size(), '\0').append(*x);
  point.append(curve.octets - y->size(), '\0').append(*y);
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  Key key = build_key("EC", builder);
  // Is the point on the curve?
  KeyContext check(key == nullptr ? nullptr
                                  : EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return key;
}

Key ed25519_key(const MetadataStruct& from) {
  auto x = octets(from, "x");
  if (text(from, "crv") != "Ed25519" || !x || x->size() != 32) return nullptr;
  return Key(EVP_PKEY_new_raw_public_key_ex(
      nullptr, "ED25519", nullptr, reinterpret_cast<const unsigned char*>(x->data()), x->size()));
}

bool is_for(const Jwk& jwk) {
  const Algorithm* algorithm = find_algorithm(jwk.alg);
  return jwk.alg.empty() || (algorithm != nullptr && algorithm->key == jwk.kind);
}

// False: the key cannot be used.
bool read_key(const MetadataStruct& from, Jwk& out) {
  std::string type = text(from, "kty");
  out.kid = text(from, "kid");
  out.alg = text(from, "alg");
  if (type == "RSA") {
    out.kind = KeyKind::rsa;
    out.key = rsa_key(from);
  } else if (type == "EC") {
    out.kind = KeyKind::ec;
    const Curve* curve = find_curve(text(from, "crv"), out.alg);
    if (curve == nullptr) return false;
    out.curve = curve->group;
    out.key = ec_key(from, *curve);
  } else if (type == "OKP") {
    out.kind = KeyKind::ed25519;
    out.key = ed25519_key(from);
  } else if (type == "oct") {
    out.kind = KeyKind::secret;
    out.secret = octets(from, "k").value_or("");
    return !out.secret.empty() && is_for(out);
  }
  return out.key != nullptr && is_for(out);
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Status parse_jwks(std::string_view json, Jwks& out) {
  auto object = parse_json_object(json);
  if (!object) return Status::keys_not_json;
  const MetadataValue* keys = object->find("keys");
  if (keys == nullptr) return Status::no_keys_field;
  const auto* list = std::get_if<MetadataList>(&keys->get());
  if (list == nullptr) return Status::keys_not_array;
  for (const MetadataValue& entry : *list) {
    Jwk key;
    if (entry.object() != nullptr && read_key(*entry.object(), key)) {
      out.keys.push_back(std::move(key));
    }
  }
  ERR_clear_error();
  return out.keys.empty() ? Status::no_valid_keys : Status::ok;
}

}  // namespace outrigger::filters::jwt_authn
