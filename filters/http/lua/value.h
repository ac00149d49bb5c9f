// Values between Lua and the proxy: metadata, header tables, answers of HTTP calls. Thread: the
// worker's. A function that takes a table returns false with a message on the stack.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/http/async_client.h"
#include "api/metadata.h"
#include "lua.hpp"

namespace outrigger::filters::lua {

// A script may build a table that contains itself.
inline constexpr int kMaxValueDepth = 64;

void push_value(lua_State* state, const MetadataValue& value);
void push_struct(lua_State* state, const MetadataStruct& value);
void push_list(lua_State* state, const std::vector<std::string>& texts);
// The value on top of the stack, which stays there.
bool load_value(lua_State* state, MetadataValue& value, int depth = 0);

// {name = value, name = {value, value}}, names in lower case, pseudo-headers first.
bool load_headers(lua_State* state, int index, http::AsyncHeaders& headers);
// The two results of an HTTP call: a table of its headers, and its body or nil.
void push_response(lua_State* state, const http::AsyncResponse& response, bool list_duplicates);

// Would the text be a field of a message? Scripts put together what clients sent.
bool is_field_name(std::string_view text);
bool is_field_value(std::string_view text);
std::string lower_case(std::string_view text);

}  // namespace outrigger::filters::lua
