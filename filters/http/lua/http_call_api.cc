#include "filters/http/lua/http_call_api.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "filters/http/lua/arguments.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/value.h"

namespace outrigger::filters::lua {
namespace {

constexpr int kCluster = 2;
constexpr int kHeaders = 3;
constexpr int kBody = 4;
constexpr int kTimeoutOrOptions = 5;
constexpr int kAsynchronous = 6;

struct CallOptions {
  bool asynchronous = false;
  bool list_duplicates = false;
  bool send_xff = true;
  lua_Integer timeout_ms = 0;
};

// The value is on top of the stack. False: a message is there instead.
bool take_option(lua_State* state, std::string_view key, CallOptions& options) {
  bool flag = lua_toboolean(state, -1) != 0;
  if (key == "asynchronous") {
    options.asynchronous = flag;
  } else if (key == "return_duplicate_headers") {
    options.list_duplicates = flag;
  } else if (key == "send_xff") {
    options.send_xff = flag;
  } else if (key == "timeout_ms") {
    if (lua_isnumber(state, -1) == 0) {
      fail(state, "'timeout_ms' option must be a number");
      return false;
    }
    options.timeout_ms = lua_tointeger(state, -1);
  } else if (key != "trace_sampled") {  // calls are not traced
    fail(state, "\"" + std::string(key) + "\" is not valid key for httpCall() options");
    return false;
  }
  return true;
}

bool take_options(lua_State* state, CallOptions& options) {
  lua_pushnil(state);
  while (lua_next(state, kTimeoutOrOptions) != 0) {
    if (lua_type(state, -2) != LUA_TSTRING) {
      fail(state, "httpCall() options key must be a string");
      return false;
    }
    size_t size = 0;
    const char* key = lua_tolstring(state, -2, &size);
    if (!take_option(state, {key, size}, options)) return false;
    lua_pop(state, 1);
  }
  return true;
}

bool has(const http::AsyncHeaders& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& field) { return field.first == name; });
}

// The host by its old name, and what the proxy itself says about length.
void normalise(http::AsyncHeaders& headers, bool has_body) {
  for (auto& [name, value] : headers) {
    if (name == "host") name = ":authority";
  }
  std::stable_partition(headers.begin(), headers.end(),
                        [](const auto& field) { return field.first.starts_with(':'); });
  std::erase_if(headers, [has_body](const auto& field) {
    return field.first == "transfer-encoding" || (has_body && field.first == "content-length");
  });
}

int start(lua_State* state, Run& run, const CallOptions& options, std::string_view cluster,
          const char* body, size_t body_size) {
  if (run.context().find_cluster(cluster) == nullptr)
    return fail(state, "http call cluster invalid. Must be configured");
  http::AsyncRequest request;
  if (!load_headers(state, kHeaders, request.headers)) return kFailed;
  normalise(request.headers, body != nullptr);
  if (!has(request.headers, ":path") || !has(request.headers, ":method") ||
      !has(request.headers, ":authority"))
    return fail(state, "http call headers must include ':path', ':method', and ':authority'");
  request.cluster.name = cluster;
  if (body != nullptr) {
    request.body.assign(body, body_size);
    if (body_size == 0) request.headers.emplace_back("content-length", "0");
  }
  request.timeout = std::chrono::milliseconds(options.timeout_ms);
  request.send_xff = options.send_xff;
  request.failures_as_replies = true;
  if (options.asynchronous) {
    run.context().http_client().send(std::move(request));
    return 0;
  }
  if (!run.may_wait(state)) return fail_to_wait(state);
  run.call(std::move(request), options.list_duplicates);
  return kSuspend;
}

}  // namespace

int http_call(lua_State* state, Run& run, Object&) {
  CallOptions options;
  if (lua_istable(state, kTimeoutOrOptions)) {
    if (!take_options(state, options)) return kFailed;
  } else {
    if (!lua_isnone(state, kAsynchronous) && !lua_isboolean(state, kAsynchronous))
      return fail(state, "http call asynchronous flag must be 'true', 'false', or empty");
    options.timeout_ms = luaL_checkinteger(state, kTimeoutOrOptions);
    options.asynchronous = lua_toboolean(state, kAsynchronous) != 0;
  }
  if (options.timeout_ms < 0) return fail(state, "http call timeout must be >= 0");
  std::string_view cluster = text_argument(state, kCluster);
  luaL_checktype(state, kHeaders, LUA_TTABLE);
  size_t body_size = 0;
  const char* body = luaL_optlstring(state, kBody, nullptr, &body_size);
  return start(state, run, options, cluster, body, body_size);
}

int respond(lua_State* state, Run& run, Object&) {
  if (run.headers_passed())
    return fail(state, "respond() cannot be called if headers have been continued");
  luaL_checktype(state, 2, LUA_TTABLE);
  size_t body_size = 0;
  const char* body = luaL_optlstring(state, 3, nullptr, &body_size);
  http::AsyncHeaders fields;
  if (!load_headers(state, 2, fields)) return kFailed;
  uint64_t status = 0;
  for (const auto& [name, value] : fields) {
    if (name == ":status" && !http::parse_decimal(value, status)) status = 0;
  }
  if (status < 200 || status >= 600) return fail(state, ":status must be between 200-599");
  if (!run.is_request()) return fail(state, "respond not currently supported in the response path");
  if (!run.may_wait(state)) return fail_to_wait(state);
  Arena& arena = run.context().arena();
  auto* headers = arena.make<http::HeaderMap>(arena);
  for (const auto& [name, value] : fields) {
    if (name != ":status" && name != "content-length" && name != "transfer-encoding")
      headers->add_copy(name, value);
  }
  LocalReply reply;
  reply.code = static_cast<int>(status);
  if (body != nullptr) reply.body = arena.copy({body, body_size});
  reply.outcome.details = "lua_response";
  reply.outcome.cause = "a Lua script answered the request";
  reply.headers = headers;
  run.respond(reply);
  return kSuspend;
}

}  // namespace outrigger::filters::lua
