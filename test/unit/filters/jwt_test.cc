// Tokens and keys by themselves: what is a token, who may have signed it.
#include <string>

#include <gtest/gtest.h>

#include "filters/http/jwt_authn/base64url.h"
#include "filters/http/jwt_authn/json.h"
#include "filters/http/jwt_authn/jwks.h"
#include "test/unit/filters/jwt_samples.h"

namespace outrigger::filters::test {
namespace {

using jwt_authn::decode_base64url;
using jwt_authn::Jwks;
using jwt_authn::Jwt;
using jwt_authn::parse_json_object;
using jwt_authn::parse_jwks;
using jwt_authn::parse_jwt;
using jwt_authn::Status;

std::string encode(std::string_view text) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0, count = 0;
  for (unsigned char c : text) {
    bits = bits << 8 | c;
    for (count += 8; count >= 6; count -= 6) out += kAlphabet[bits >> (count - 6) & 63];
  }
  if (count > 0) out += kAlphabet[bits << (6 - count) & 63];
  return out;
}

Status parse(std::string_view header, std::string_view payload, Jwt& out) {
  static std::string token;
  token = encode(header) + "." + encode(payload) + ".AAAA";
  return parse_jwt(token, out);
}
Status parse(std::string_view header, std::string_view payload) {
  Jwt jwt;
  return parse(header, payload, jwt);
}

Jwks keys(std::string_view json) {
  Jwks out;
  EXPECT_EQ(parse_jwks(json, out), Status::ok);
  return out;
}

Status verify_text(std::string_view token, const Jwks& with) {
  Jwt jwt;
  Status status = parse_jwt(token, jwt);
  return status == Status::ok ? verify(jwt, with) : status;
}

TEST(Base64Url, TakesOneFormOnly) {
  EXPECT_EQ(decode_base64url("TWE"), "Ma");
  EXPECT_EQ(decode_base64url("TWE="), "Ma");
  EXPECT_EQ(decode_base64url("TWFu"), "Man");
  EXPECT_EQ(decode_base64url("-_-_"), "\xfb\xff\xbf");
  EXPECT_EQ(decode_base64url(""), "");
  for (const char* wrong : {"TWF", "TW E", "T", "TWE==", "TWFu=", "+/+/", "TWE\n", "===="}) {
    EXPECT_EQ(decode_base64url(wrong), std::nullopt) << wrong;
  }
}

TEST(Json, ReadsWhatTokensHave) {
  auto object =
      parse_json_object(R"( {"a": [1, -2.5e1, true, null], "b": {"c": "x\u00e9\ud83d\ude00\n"}} )");
  ASSERT_TRUE(object.has_value());
  const auto& list = std::get<MetadataList>(object->find("a")->get());
  EXPECT_EQ(std::get<double>(list[1].get()), -25);
  EXPECT_EQ(*object->find("b")->object()->find("c")->string(), "x\u00e9\U0001F600\n");
}

TEST(Json, RefusesWhatTwoReadersMightReadDifferently) {
  for (const char* wrong : {"",
                            "[]",
                            "1",
                            "{",
                            "{}x",
                            "{\"a\":1,\"a\":2}",
                            "{\"a\":01}",
                            "{\"a\":+1}",
                            "{\"a\":.5}",
                            "{\"a\":1.}",
                            "{\"a\":1e}",
                            "{'a':1}",
                            "{\"a\":\"\x01\"}",
                            "{\"a\":\"\xff\"}",
                            "{\"a\":\"\\ud800\"}",
                            "{\"a\":\"\\udc00x\"}",
                            "{\"a\":\"\\u00g0\"}",
                            "{\"a\":1,}",
                            "{\"a\":[1,]}",
                            "{\"a\":NaN}",
                            "{\"a\":1e999}",
                            "{\"a\" 1}",
                            "{\"a\":tru}"}) {
    EXPECT_FALSE(parse_json_object(wrong).has_value()) << wrong;
  }
  std::string deep = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_FALSE(parse_json_object(deep).has_value());
}

TEST(JwtText, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(parse("{}", "{}"), Status::header_bad_alg);
  EXPECT_EQ(parse(R"({"alg":1})", "{}"), Status::header_bad_alg);
  EXPECT_EQ(parse(R"({"alg":"none"})", "{}"), Status::header_unknown_alg);
  EXPECT_EQ(parse(R"({"alg":"rs256"})", "{}"), Status::header_unknown_alg);
  EXPECT_EQ(parse(R"({"alg":"RS256","kid":1})", "{}"), Status::header_bad_kid);
  EXPECT_EQ(parse(R"({"alg":"RS256","crit":["b64"]})", "{}"), Status::verification_failed);
  EXPECT_EQ(parse("x", "{}"), Status::header_not_json);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", "x"), Status::payload_not_json);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", R"({"iss":1})"), Status::bad_iss);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", R"({"exp":"1"})"), Status::bad_exp);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", R"({"exp":-1})"), Status::exp_out_of_range);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", R"({"nbf":1e300})"), Status::nbf_out_of_range);
  EXPECT_EQ(parse(R"({"alg":"RS256"})", R"({"aud":{}})"), Status::bad_aud);
  Jwt jwt;
  for (const char* wrong : {"", ".", "..", "a.b", "a.b.c.d", "a..c", ".b.c", "a.b."}) {
    EXPECT_EQ(parse_jwt(wrong, jwt), Status::bad_format) << wrong;
  }
  EXPECT_EQ(parse_jwt("a*.b.c", jwt), Status::header_not_base64);
}

TEST(JwtText, HasItsClaims) {
  Jwt jwt;
  EXPECT_EQ(parse(R"({"alg":"ES256","kid":"k"})",
                  R"({"iss":"i","sub":"s","aud":["a","b"],"exp":20,"nbf":10,"iat":5})", jwt),
            Status::ok);
  EXPECT_EQ(jwt.kid, "k");
  EXPECT_EQ(jwt.issuer, "i");
  EXPECT_EQ(jwt.audiences, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(check_time(jwt, 15, 0), Status::ok);
  EXPECT_EQ(check_time(jwt, 9, 0), Status::not_yet_valid);
  EXPECT_EQ(check_time(jwt, 9, 1), Status::ok);
  EXPECT_EQ(check_time(jwt, 21, 0), Status::expired);
  EXPECT_EQ(check_time(jwt, 21, 1), Status::ok);
}

TEST(JwtSignature, EveryAlgorithmVerifies) {
  Jwks all = keys(kKeys);
  EXPECT_EQ(all.keys.size(), 6u);
  for (const SignedToken& token : kTokens) {
    EXPECT_EQ(verify_text(token.text, all), Status::ok) << token.algorithm;
  }
}

TEST(JwtSignature, AnyChangedOctetBreaksIt) {
  Jwks all = keys(kKeys);
  for (const SignedToken& token : kTokens) {
    std::string text = token.text;
    size_t signature = text.rfind('.') + 1;
    for (size_t at : {signature, signature + 20}) {
      std::string changed = text;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      EXPECT_EQ(verify_text(changed, all), Status::verification_failed) << token.algorithm;
    }
    std::string shorter = text.substr(0, text.size() - 4);
    EXPECT_NE(verify_text(shorter, all), Status::ok) << token.algorithm;
  }
}

TEST(JwtSignature, AnotherKeyDoesNotVerify) {
  Jwks other = keys(kOtherKeys);
  for (const SignedToken& token : kTokens) {
    EXPECT_EQ(verify_text(token.text, other), Status::verification_failed) << token.algorithm;
  }
}

TEST(JwtSignature, APublicKeyIsNoSecret) {
  EXPECT_EQ(verify_text(kConfusedToken, keys(kKeys)), Status::verification_failed);
}

TEST(JwtSignature, AnUnsignedTokenIsNone) {
  EXPECT_EQ(verify_text(kUnsignedToken, keys(kKeys)), Status::header_unknown_alg);
}

TEST(JwksText, SaysWhatIsWrongWithIt) {
  Jwks out;
  EXPECT_EQ(parse_jwks("", out), Status::keys_not_json);
  EXPECT_EQ(parse_jwks("{}", out), Status::no_keys_field);
  EXPECT_EQ(parse_jwks(R"({"keys":{}})", out), Status::keys_not_array);
  EXPECT_EQ(parse_jwks(R"({"keys":[]})", out), Status::no_valid_keys);
  for (const char* broken :
       {R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", R"({"kty":"RSA","e":"AQAB"})",
        R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})", R"({"kty":"EC","crv":"P-1"})",
        R"({"kty":"OKP","crv":"Ed25519","x":"AQ"})", R"({"kty":"oct","k":""})",
        R"({"kty":"oct","k":"AQ","alg":"RS256"})", R"({"kty":"no"})", "1"}) {
    EXPECT_EQ(parse_jwks(std::string("{\"keys\":[") + broken + "]}", out), Status::no_valid_keys)
        << broken;
  }
}

TEST(JwksText, AKeyThatIsNotKnownIsLeftOut) {
  std::string mixed = kOtherKeys;
  mixed.insert(mixed.find('[') + 1, R"({"kty":"new"},)");
  EXPECT_EQ(keys(mixed).keys.size(), 1u);
}

TEST(JwksText, AKidOrAlgThatDoesNotMatchIsSaid) {
  std::string named = kOtherKeys;
  named.insert(named.find("\"kty\""), R"("alg":"RS512",)");
  EXPECT_EQ(verify_text(kTokens[0].text, keys(named)), Status::no_matching_key);
}

}  // namespace
}  // namespace outrigger::filters::test
