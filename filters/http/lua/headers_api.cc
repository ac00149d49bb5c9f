// headers() and trailers(): fields of a message.
#include <algorithm>
#include <string>

#include "filters/http/lua/filter.h"
#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/value.h"

namespace outrigger::filters::lua {
namespace {

// Fields of which Envoy keeps one: adding another value appends it to the first, behind a comma.
constexpr std::string_view kSingle[] = {":authority",
                                        ":method",
                                        ":path",
                                        ":protocol",
                                        ":scheme",
                                        ":status",
                                        "accept",
                                        "accept-encoding",
                                        "access-control-allow-credentials",
                                        "access-control-allow-headers",
                                        "access-control-allow-methods",
                                        "access-control-allow-origin",
                                        "access-control-allow-private-network",
                                        "access-control-expose-headers",
                                        "access-control-max-age",
                                        "access-control-request-headers",
                                        "access-control-request-method",
                                        "access-control-request-private-network",
                                        "age",
                                        "authorization",
                                        "cache-control",
                                        "client-trace-id",
                                        "connect-accept-encoding",
                                        "connection",
                                        "content-encoding",
                                        "content-length",
                                        "content-type",
                                        "date",
                                        "envoy-decorator-operation",
                                        "etag",
                                        "expect",
                                        "expires",
                                        "grpc-accept-encoding",
                                        "grpc-message",
                                        "grpc-status",
                                        "grpc-status-details-bin",
                                        "grpc-timeout",
                                        "if-match",
                                        "if-modified-since",
                                        "if-none-match",
                                        "if-range",
                                        "if-unmodified-since",
                                        "keep-alive",
                                        "last-modified",
                                        "location",
                                        "origin",
                                        "pragma",
                                        "proxy-connection",
                                        "proxy-status",
                                        "referer",
                                        "server",
                                        "te",
                                        "transfer-encoding",
                                        "upgrade",
                                        "user-agent",
                                        "vary",
                                        "via",
                                        "x-b3-flags",
                                        "x-b3-parentspanid",
                                        "x-b3-sampled",
                                        "x-b3-spanid",
                                        "x-b3-traceid",
                                        "x-envoy-attempt-count",
                                        "x-envoy-decorator-operation",
                                        "x-envoy-degraded",
                                        "x-envoy-downstream-service-cluster",
                                        "x-envoy-downstream-service-node",
                                        "x-envoy-expected-rq-timeout-ms",
                                        "x-envoy-external-address",
                                        "x-envoy-force-trace",
                                        "x-envoy-hedge-on-per-try-timeout",
                                        "x-envoy-immediate-health-check-fail",
                                        "x-envoy-internal",
                                        "x-envoy-ip-tags",
                                        "x-envoy-is-timeout-retry",
                                        "x-envoy-max-retries",
                                        "x-envoy-original-host",
                                        "x-envoy-original-path",
                                        "x-envoy-overloaded",
                                        "x-envoy-ratelimited",
                                        "x-envoy-retriable-header-names",
                                        "x-envoy-retriable-status-codes",
                                        "x-envoy-retry-grpc-on",
                                        "x-envoy-retry-on",
                                        "x-envoy-upstream-alt-stat-name",
                                        "x-envoy-upstream-canary",
                                        "x-envoy-upstream-healthchecked-cluster",
                                        "x-envoy-upstream-rq-per-try-timeout-ms",
                                        "x-envoy-upstream-rq-timeout-alt-response",
                                        "x-envoy-upstream-rq-timeout-ms",
                                        "x-envoy-upstream-service-time",
                                        "x-envoy-upstream-stream-duration-ms",
                                        "x-forwarded-client-cert",
                                        "x-forwarded-for",
                                        "x-forwarded-host",
                                        "x-forwarded-port",
                                        "x-forwarded-proto",
                                        "x-ot-span-context",
                                        "x-request-id"};

bool is_single(std::string_view name) {
  return std::binary_search(std::begin(kSingle), std::end(kSingle), name);
}

http::HeaderMap& fields_of(Run& run, const Object& self) {
  if (self.part == Part::trailers) return *run.trailers();
  return self.part == Part::headers ? run.headers() : run.context().request_headers();
}

bool is_request(const Run& run, const Object& self) {
  return run.is_request() || self.part == Part::request_headers;
}

// As the map knows it.
std::string field_name(const Run& run, const Object& self, std::string_view text) {
  std::string name = lower_case(text);
  if (name == "host" && is_request(run, self) && self.part != Part::trailers) return ":authority";
  return name;
}

int& iteration(Run& run, const Object& self) {
  return run.iteration(static_cast<unsigned>(self.part));
}

// An error's message, or nothing. Notes that what the route depends on changes.
std::string_view refusal(Run& run, const Object& self) {
  if (iteration(run, self) >= 0) return "header map cannot be modified while iterating";
  if (self.part != Part::headers) return {};
  if (run.headers_passed()) return "header map can no longer be modified";
  if (run.is_request() && run.factory().settings().clear_route) run.context().clear_route();
  return {};
}

struct NewField {
  std::string name;
  std::string_view value;
};

// False: a message is on the stack.
bool take_field(lua_State* state, Run& run, Object& self, std::string_view name,
                std::string_view value, NewField& field) {
  field = {field_name(run, self, name), value};
  if (is_field_name(field.name) && is_field_value(value)) return true;
  fail(state, "a header's name or value has characters that end it");
  return false;
}

int add(lua_State* state, Run& run, Object& self) {
  if (std::string_view no = refusal(run, self); !no.empty()) return fail(state, no);
  std::string_view name = text_argument(state, 2);
  std::string_view value = text_argument(state, 3);
  NewField field;
  if (!take_field(state, run, self, name, value, field)) return kFailed;
  http::HeaderMap& map = fields_of(run, self);
  const http::HeaderField* present = is_single(field.name) ? map.find(field.name) : nullptr;
  if (present != nullptr) {
    map.set(map.arena().copy(field.name), map.arena().concat(present->value, ",", field.value));
  } else {
    map.add_copy(field.name, field.value);
  }
  return 0;
}

int replace(lua_State* state, Run& run, Object& self) {
  if (std::string_view no = refusal(run, self); !no.empty()) return fail(state, no);
  std::string_view name = text_argument(state, 2);
  std::string_view value = text_argument(state, 3);
  NewField field;
  if (!take_field(state, run, self, name, value, field)) return kFailed;
  fields_of(run, self).set_copy(field.name, field.value);
  return 0;
}

int remove(lua_State* state, Run& run, Object& self) {
  if (std::string_view no = refusal(run, self); !no.empty()) return fail(state, no);
  std::string_view name = text_argument(state, 2);
  fields_of(run, self).remove(field_name(run, self, name));
  return 0;
}

int get(lua_State* state, Run& run, Object& self) {
  std::string_view name = text_argument(state, 2);
  bool found = false;
  std::string_view value =
      fields_of(run, self).get_all(field_name(run, self, name), run.context().arena(), &found);
  if (!found) return 0;
  push_text(state, value);
  return 1;
}

int get_at_index(lua_State* state, Run& run, Object& self) {
  std::string_view name = text_argument(state, 2);
  auto index = static_cast<int>(luaL_checknumber(state, 3));
  if (index < 0) return 0;
  std::string wanted = field_name(run, self, name);
  for (const http::HeaderField& field : fields_of(run, self).fields()) {
    if (field.name != wanted || index-- > 0) continue;
    push_text(state, field.value);
    return 1;
  }
  return 0;
}

int get_num_values(lua_State* state, Run& run, Object& self) {
  std::string_view name = text_argument(state, 2);
  lua_pushnumber(state,
                 static_cast<lua_Number>(fields_of(run, self).count(field_name(run, self, name))));
  return 1;
}

int set_reason_phrase(lua_State* state, Run& run, Object& self) {
  if (std::string_view no = refusal(run, self); !no.empty()) return fail(state, no);
  std::string_view phrase = text_argument(state, 2);
  if (!is_field_value(phrase)) return fail(state, "a reason phrase is one line");
  if (run.is_request() || self.part != Part::headers) return 0;
  http::HeaderMap& map = fields_of(run, self);
  map.set_reason_phrase(map.arena().copy(phrase));
  return 0;
}

int next_field(lua_State* state, Run& run, Object& self) {
  int& at = iteration(run, self);
  auto fields = fields_of(run, self).fields();
  if (at < 0 || static_cast<size_t>(at) >= fields.size()) {
    at = -1;
    return 0;
  }
  const http::HeaderField& field = fields[static_cast<size_t>(at++)];
  push_text(state, field.name);
  push_text(state, field.value);
  return 2;
}

int pairs(lua_State* state, Run& run, Object& self) {
  int& at = iteration(run, self);
  if (at >= 0) return fail(state, "cannot create a second iterator before completing the first");
  at = 0;
  lua_pushvalue(state, 1);
  lua_pushcclosure(state, &call_iterator<&next_field>, 1);
  return 1;
}

constexpr luaL_Reg kMethods[] = {
    {"add", &call_method<Kind::headers, &add>},
    {"get", &call_method<Kind::headers, &get>},
    {"getAtIndex", &call_method<Kind::headers, &get_at_index>},
    {"getNumValues", &call_method<Kind::headers, &get_num_values>},
    {"remove", &call_method<Kind::headers, &remove>},
    {"replace", &call_method<Kind::headers, &replace>},
    {"setHttp1ReasonPhrase", &call_method<Kind::headers, &set_reason_phrase>},
    {"__pairs", &call_method<Kind::headers, &pairs>},
};

}  // namespace

Methods headers_methods() {
  return kMethods;
}

}  // namespace outrigger::filters::lua
