#include "filters/http/lua/crypto_api.h"

#include <chrono>
#include <cstring>
#include <string>

#include "absl/strings/escaping.h"

#include "filters/http/lua/run.h"

namespace outrigger::filters::lua {
namespace {

// An argument and how much of it counts; a script that says more than there is gets an error.
bool take_part(lua_State* state, int index, std::string_view& part) {
  part = text_argument(state, index);
  lua_Number size = luaL_checknumber(state, index + 1);
  if (!(size >= 0) || size > static_cast<lua_Number>(part.size())) return false;
  part = part.substr(0, static_cast<size_t>(size));
  return true;
}

// The text of a key that could be imported lies behind its object.
int public_key_get(lua_State* state, Run&, Object& self) {
  if (self.target == nullptr) {
    lua_pushnil(state);
  } else {
    push_text(state, *static_cast<const std::string*>(self.target));
  }
  return 1;
}

long long since_epoch(bool microseconds) {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  if (microseconds) return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

constexpr luaL_Reg kPublicKey[] = {{"get", &call_method<Kind::public_key, &public_key_get>}};

}  // namespace

int import_public_key(lua_State* state, Run& run, Object&) {
  std::string_view der;
  if (!take_part(state, 2, der)) return fail(state, "the length is not within the key");
  const std::string* kept = run.keys().import(der);
  push_object(state, run, Kind::public_key, kept);
  return 1;
}

int verify_signature(lua_State* state, Run& run, Object&) {
  std::string_view hash = text_argument(state, 2);
  std::string_view key = text_argument(state, 3);
  std::string_view signature, text;
  if (!run.keys().knows(key)) return fail(state, "invalid public key");
  if (!take_part(state, 4, signature) || !take_part(state, 6, text))
    return fail(state, "a length is not within its text");
  auto refusal = run.keys().verify(hash, key, signature, text);
  lua_pushboolean(state, refusal ? 0 : 1);
  if (refusal) {
    push_text(state, *refusal);
  } else {
    lua_pushnil(state);
  }
  return 2;
}

int base64_escape(lua_State* state, Run&, Object&) {
  std::string_view input = text_argument(state, 2);
  std::string output;
  absl::Base64Escape({input.data(), input.size()}, &output);
  push_text(state, output);
  return 1;
}

int base64_decode(lua_State* state, Run&, Object&) {
  std::string_view input = text_argument(state, 2);
  std::string output;
  if (absl::Base64Unescape({input.data(), input.size()}, &output)) {
    push_text(state, output);
  } else {
    lua_pushnil(state);
  }
  return 1;
}

int timestamp(lua_State* state, Run&, Object&) {
  const char* unit = luaL_optstring(state, 2, "");
  if (*unit != '\0' && std::strcmp(unit, "0") != 0)
    return fail(state, "timestamp format must be MILLISECOND.");
  lua_pushnumber(state, static_cast<lua_Number>(since_epoch(false)));
  return 1;
}

int timestamp_string(lua_State* state, Run&, Object&) {
  const char* unit = luaL_optstring(state, 2, "");
  bool microseconds = std::strcmp(unit, "1") == 0;
  if (!microseconds && *unit != '\0' && std::strcmp(unit, "0") != 0)
    return fail(state, "timestamp format must be MILLISECOND or MICROSECOND.");
  push_text(state, std::to_string(since_epoch(microseconds)));
  return 1;
}

Methods public_key_methods() {
  return kPublicKey;
}

}  // namespace outrigger::filters::lua
