#include "filters/http/lua/value.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <variant>

#include "filters/http/lua/object.h"

namespace outrigger::filters::lua {
namespace {

struct Push {
  lua_State* state;

  void operator()(std::monostate) const { lua_pushnil(state); }
  void operator()(bool value) const { lua_pushboolean(state, value ? 1 : 0); }
  void operator()(double value) const { lua_pushnumber(state, value); }
  void operator()(const std::string& value) const { push_text(state, value); }
  void operator()(const MetadataList& value) const {
    lua_createtable(state, static_cast<int>(value.size()), 0);
    for (size_t i = 0; i < value.size(); ++i) {
      push_value(state, value[i]);
      lua_rawseti(state, -2, static_cast<int>(i + 1));
    }
  }
  void operator()(const MetadataStruct& value) const { push_struct(state, value); }
};

bool refuse(lua_State* state, std::string_view message) {
  fail(state, message);
  return false;
}

// As Envoy tells them apart: a table with only whole positive keys is a list as long as the
// greatest; 0: an empty table; -1: not a list.
double list_size(lua_State* state) {
  double greatest = 0;
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    lua_pop(state, 1);
    double key = lua_type(state, -1) == LUA_TNUMBER ? lua_tonumber(state, -1) : 0;
    if (key < 1 || std::floor(key) != key) {
      lua_pop(state, 1);
      return -1;
    }
    greatest = std::max(greatest, key);
  }
  return greatest;
}

bool load_list(lua_State* state, int size, MetadataList& list, int depth) {
  for (int i = 1; i <= size; ++i) {
    lua_rawgeti(state, -1, i);
    if (!load_value(state, list.emplace_back(), depth)) return false;
    lua_pop(state, 1);
  }
  return true;
}

bool load_struct(lua_State* state, MetadataStruct& members, int depth) {
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    int type = lua_type(state, -2);
    if (type != LUA_TSTRING) {
      return refuse(state, std::string("unexpected type ") + lua_typename(state, type) +
                               " in table key (only string keys are supported)");
    }
    size_t size = 0;
    const char* key = lua_tolstring(state, -2, &size);
    if (!load_value(state, members[{key, size}], depth)) return false;
    lua_pop(state, 1);
  }
  return true;
}

bool load_table(lua_State* state, MetadataValue& value, int depth) {
  constexpr double kMaxListSize = 1 << 20;  // {[1e9] = 1} is not to be filled up with nothing
  if (depth >= kMaxValueDepth || lua_checkstack(state, 4) == 0)
    return refuse(state, "a table in dynamicMetadata is nested too deeply");
  double size = list_size(state);
  if (size > kMaxListSize) return refuse(state, "a list in dynamicMetadata is too long");
  if (size > 0) {
    MetadataList list;
    if (!load_list(state, static_cast<int>(size), list, depth + 1)) return false;
    value = MetadataValue(std::move(list));
    return true;
  }
  return load_struct(state, value.make_object(), depth + 1);
}

// The text at the top of the stack; a number is converted where `numbers` are welcome (not in a
// key: that would confuse lua_next).
bool load_text(lua_State* state, int index, const char* what, bool numbers, std::string& text) {
  int type = lua_type(state, index);
  if (type != LUA_TSTRING && (!numbers || type != LUA_TNUMBER)) {
    return refuse(state, std::string(what) + " must be a string, got " + lua_typename(state, type));
  }
  lua_pushvalue(state, index);
  size_t size = 0;
  const char* data = lua_tolstring(state, -1, &size);
  text.assign(data, size);
  lua_pop(state, 1);
  return true;
}

bool add_header(lua_State* state, const std::string& name, http::AsyncHeaders& headers) {
  std::string value;
  if (!load_text(state, -1, "header value", true, value)) return false;
  if (!is_field_value(value)) return refuse(state, "a header value has characters that end it");
  headers.emplace_back(name, std::move(value));
  return true;
}

}  // namespace

void push_value(lua_State* state, const MetadataValue& value) {
  luaL_checkstack(state, 4, "a value is nested too deeply");
  std::visit(Push{state}, value.get());
}

void push_struct(lua_State* state, const MetadataStruct& value) {
  luaL_checkstack(state, 4, "a value is nested too deeply");
  lua_createtable(state, 0, static_cast<int>(value.members().size()));
  for (const auto& [key, member] : value.members()) {
    push_text(state, key);
    push_value(state, member);
    lua_rawset(state, -3);
  }
}

void push_list(lua_State* state, const std::vector<std::string>& texts) {
  lua_createtable(state, static_cast<int>(texts.size()), 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    push_text(state, texts[i]);
    lua_rawseti(state, -2, static_cast<int>(i + 1));
  }
}

bool load_value(lua_State* state, MetadataValue& value, int depth) {
  int type = lua_type(state, -1);
  switch (type) {
    case LUA_TNIL:
      value = MetadataValue();
      return true;
    case LUA_TNUMBER:
      value = MetadataValue(static_cast<double>(lua_tonumber(state, -1)));
      return true;
    case LUA_TBOOLEAN:
      value = MetadataValue(lua_toboolean(state, -1) != 0);
      return true;
    case LUA_TSTRING: {
      size_t size = 0;
      const char* text = lua_tolstring(state, -1, &size);
      value = MetadataValue(std::string(text, size));
      return true;
    }
    case LUA_TTABLE:
      return load_table(state, value, depth);
    default:
      return refuse(state, std::string("unexpected type '") + lua_typename(state, type) +
                               "' in dynamicMetadata");
  }
}

bool load_headers(lua_State* state, int index, http::AsyncHeaders& headers) {
  std::string name;
  lua_pushnil(state);
  while (lua_next(state, index) != 0) {
    if (!load_text(state, -2, "header key", false, name)) return false;
    name = lower_case(name);
    if (!is_field_name(name)) return refuse(state, "a header key is not the name of a header");
    if (lua_istable(state, -1)) {
      lua_pushnil(state);
      while (lua_next(state, -2) != 0) {
        if (!add_header(state, name, headers)) return false;
        lua_pop(state, 1);
      }
    } else if (!add_header(state, name, headers)) {
      return false;
    }
    lua_pop(state, 1);
  }
  std::stable_partition(headers.begin(), headers.end(),
                        [](const auto& field) { return field.first.starts_with(':'); });
  return true;
}

void push_response(lua_State* state, const http::AsyncResponse& response, bool list_duplicates) {
  std::map<std::string_view, std::vector<std::string>> lists;
  lua_createtable(state, 0, static_cast<int>(response.headers.size() + 1));
  push_text(state, ":status");
  push_text(state, std::to_string(response.status));
  lua_rawset(state, -3);
  for (const auto& [name, value] : response.headers) {
    push_text(state, name);
    std::vector<std::string>* list = nullptr;
    if (list_duplicates) {
      list = &lists[name];
      list->push_back(value);
    }
    if (list != nullptr && list->size() > 1) {
      push_list(state, *list);
    } else {
      push_text(state, value);
    }
    lua_rawset(state, -3);
  }
  if (response.body.empty()) {
    lua_pushnil(state);
  } else {
    push_text(state, response.body);
  }
}

bool is_field_name(std::string_view text) {
  if (text.starts_with(':')) text.remove_prefix(1);
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return text.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

}  // namespace outrigger::filters::lua
