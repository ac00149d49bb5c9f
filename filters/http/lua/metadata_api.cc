// metadata(), filterContext(), dynamicMetadata() and filterState().
#include <string>

#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/value.h"

namespace outrigger::filters::lua {
namespace {

const MetadataStruct kNothing;

// Of which part of the configuration or the stream an object speaks.
const MetadataStruct& members_of(Run& run, const Object& self) {
  if (self.target != nullptr) return *static_cast<const MetadataStruct*>(self.target);
  const auto& extras = run.context().info().extras;
  return extras == nullptr ? kNothing : extras->metadata.filters;
}

int get(lua_State* state, Run& run, Object& self) {
  const MetadataValue* value = members_of(run, self).find(text_argument(state, 2));
  if (value == nullptr) return 0;
  push_value(state, *value);
  return 1;
}

// How far an iteration is stands behind its object.
constexpr int kPosition = 2;

int next_member(lua_State* state, Run& run, Object& self) {
  auto at = static_cast<size_t>(lua_tonumber(state, lua_upvalueindex(kPosition)));
  const auto& members = members_of(run, self).members();
  if (at >= members.size()) {
    if (self.kind == Kind::dynamic_metadata) run.set_metadata_iterating(false);
    return 0;
  }
  lua_pushnumber(state, static_cast<lua_Number>(at + 1));
  lua_replace(state, lua_upvalueindex(kPosition));
  push_text(state, members[at].first);
  push_value(state, members[at].second);
  return 2;
}

int pairs(lua_State* state, Run& run, Object& self) {
  if (self.kind == Kind::dynamic_metadata) {
    if (run.metadata_iterating())
      return fail(state, "cannot create a second iterator before completing the first");
    run.set_metadata_iterating(true);
  }
  lua_pushvalue(state, 1);
  lua_pushnumber(state, 0);
  lua_pushcclosure(state, &call_iterator<&next_member>, kPosition);
  return 1;
}

int set(lua_State* state, Run& run, Object&) {
  if (run.metadata_iterating())
    return fail(state, "dynamic metadata map cannot be modified while iterating");
  std::string_view filter = text_argument(state, 2);
  std::string_view key = text_argument(state, 3);
  lua_settop(state, 4);
  MetadataValue value;
  if (!load_value(state, value)) return kFailed;
  FilterContext& context = run.context();
  context.info().make_extras(context.arena()).metadata.of(filter)[key] = std::move(value);
  return 0;
}

// The stream's, or what listener and network filters left at the connection.
const std::string* find_state(Run& run, std::string_view name) {
  const StreamInfo& info = run.context().info();
  const std::string* found =
      info.extras == nullptr ? nullptr : info.extras->filter_state.find(name);
  if (found == nullptr && info.connection != nullptr)
    found = info.connection->find_filter_state(name);
  return found;
}

int state_get(lua_State* state, Run& run, Object&) {
  std::string_view name = text_argument(state, 2);
  // None of the kept values has fields.
  if (lua_gettop(state) >= 3 && !lua_isnil(state, 3)) return 0;
  const std::string* value = find_state(run, name);
  if (value == nullptr) return 0;
  push_text(state, *value);
  return 1;
}

// Values are texts here: only the factory that makes texts is known.
int state_set(lua_State* state, Run& run, Object&) {
  std::string_view name = text_argument(state, 2);
  std::string_view factory = text_argument(state, 3);
  std::string_view value = text_argument(state, 4);
  if (factory != "envoy.string")
    return fail(state, "'" + std::string(factory) + "' does not have an object factory");
  FilterContext& context = run.context();
  context.info().make_extras(context.arena()).filter_state.set(name, std::string(value));
  return 0;
}

constexpr luaL_Reg kMetadata[] = {
    {"get", &call_method<Kind::metadata, &get>},
    {"__pairs", &call_method<Kind::metadata, &pairs>},
};
constexpr luaL_Reg kDynamic[] = {
    {"get", &call_method<Kind::dynamic_metadata, &get>},
    {"set", &call_method<Kind::dynamic_metadata, &set>},
    {"__pairs", &call_method<Kind::dynamic_metadata, &pairs>},
};
constexpr luaL_Reg kFilterState[] = {
    {"get", &call_method<Kind::filter_state, &state_get>},
    {"set", &call_method<Kind::filter_state, &state_set>},
};

}  // namespace

Methods metadata_methods() {
  return kMetadata;
}
Methods dynamic_metadata_methods() {
  return kDynamic;
}
Methods filter_state_methods() {
  return kFilterState;
}

}  // namespace outrigger::filters::lua
