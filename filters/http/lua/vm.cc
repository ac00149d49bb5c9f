#include "filters/http/lua/vm.h"

#include <cstdlib>
#include <string_view>
#include <utility>

#include "filters/http/lua/object.h"
#include "lua.hpp"

namespace outrigger::filters::lua {
namespace {

// What scripts written for Envoy may use of Lua 5.2: metamethods of pairs and ipairs, table.pack
// and table.unpack.
constexpr std::string_view kPrelude = R"(
local metatable, is, get = debug.getmetatable, type, rawget
local function extended(name, plain)
  return function(t)
    if is(t) == 'table' or is(t) == 'userdata' then
      local m = metatable(t)
      local f = m and get(m, name)
      if f then return f(t) end
    end
    return plain(t)
  end
end
pairs = extended('__pairs', pairs)
ipairs = extended('__ipairs', ipairs)
table.unpack = table.unpack or unpack
table.pack = table.pack or function(...) return {n = select('#', ...), ...} end
EnvoyTimestampResolution = {MILLISECOND = 0, MICROSECOND = 1}
)";

std::string take_message(lua_State* state) {
  size_t size = 0;
  const char* text = lua_tolstring(state, -1, &size);
  std::string message = text == nullptr ? "unspecified lua error" : std::string(text, size);
  lua_pop(state, 1);
  return message;
}

bool run_chunk(lua_State* state, std::string_view code, const char* name) {
  return luaL_loadbuffer(state, code.data(), code.size(), name) == 0 &&
         lua_pcall(state, 0, 0, 0) == 0;
}

}  // namespace

void* Vm::allocate(void* self, void* block, size_t old_size, size_t new_size) {
  auto& vm = *static_cast<Vm*>(self);
  if (new_size == 0) {
    vm.bytes_ -= old_size;
    std::free(block);
    return nullptr;
  }
  if (vm.limited_ && new_size > old_size && vm.bytes_ + (new_size - old_size) > kMaxBytes) {
    vm.starved_ = true;
    return nullptr;
  }
  void* grown = std::realloc(block, new_size);
  if (grown != nullptr) vm.bytes_ += new_size - old_size;
  return grown;
}

absl::StatusOr<std::unique_ptr<Vm>> Vm::load(const std::string& code) {
  std::unique_ptr<Vm> vm(new Vm);
  if (absl::Status status = vm->start(code); !status.ok()) return status;
  return vm;
}

absl::Status Vm::start(const std::string& code) {
  state_ = lua_newstate(&Vm::allocate, this);
  if (state_ == nullptr) return absl::ResourceExhaustedError("no memory for a Lua state");
  luaL_openlibs(state_);
  register_types(state_);
  if (!run_chunk(state_, kPrelude, "=prelude")) return absl::InternalError(take_message(state_));
  // Its name is the script itself, of which Lua shows the first line.
  limited_ = true;
  bool good = run_chunk(state_, code, code.c_str());
  limited_ = false;
  if (!good) return absl::InvalidArgumentError("script load error: " + take_message(state_));
  entries_[0] = function("envoy_on_request");
  entries_[1] = function("envoy_on_response");
  return absl::OkStatus();
}

int Vm::function(const char* name) {
  lua_getglobal(state_, name);
  if (lua_isfunction(state_, -1)) return luaL_ref(state_, LUA_REGISTRYINDEX);
  lua_pop(state_, 1);
  return kNoFunction;
}

Vm::~Vm() {
  if (state_ != nullptr) lua_close(state_);
}

Vm& Vm::of(lua_State* state) {
  void* self = nullptr;
  lua_getallocf(state, &self);
  return *static_cast<Vm*>(self);
}

Coroutine Vm::take(EntryPoint entry) {
  Coroutine coroutine;
  if (idle_.empty()) {
    coroutine.state = lua_newthread(state_);
    coroutine.reference = luaL_ref(state_, LUA_REGISTRYINDEX);
  } else {
    coroutine = idle_.back();
    idle_.pop_back();
  }
  lua_rawgeti(coroutine.state, LUA_REGISTRYINDEX, entries_[static_cast<unsigned>(entry)]);
  return coroutine;
}

void Vm::give(Coroutine coroutine, bool finished) {
  if (finished && idle_.size() < kMaxIdleCoroutines) {
    lua_settop(coroutine.state, 0);
    idle_.push_back(coroutine);
  } else {
    luaL_unref(state_, LUA_REGISTRYINDEX, coroutine.reference);
  }
  collect_if_starved();
}

// Where memory ran out, Lua itself does not look for what is garbage now.
void Vm::collect_if_starved() {
  if (std::exchange(starved_, false)) lua_gc(state_, LUA_GCCOLLECT, 0);
}

int Vm::resume(Coroutine coroutine, int arguments) {
  collect_if_starved();
  limited_ = true;
  int result = lua_resume(coroutine.state, arguments);
  limited_ = false;
  return result;
}

uint32_t Vm::open(Run& run) {
  uint32_t place;
  if (free_places_.empty()) {
    place = static_cast<uint32_t>(places_.size());
    places_.emplace_back();
  } else {
    place = free_places_.back();
    free_places_.pop_back();
  }
  places_[place] = {&run, ++last_serial_, 0};
  return place;
}

void Vm::close(uint32_t place) {
  places_[place] = {};
  free_places_.push_back(place);
}

void Vm::begin_turn(uint32_t place) {
  places_[place].turn_serial = ++last_serial_;
}
void Vm::end_turn(uint32_t place) {
  places_[place].turn_serial = 0;
}

Run* Vm::find_run(uint32_t place, uint64_t run_serial) const {
  const Place& found = places_[place];
  return found.run_serial == run_serial && found.turn_serial != 0 ? found.run : nullptr;
}

Run* Vm::find_turn(uint32_t place, uint64_t turn_serial) const {
  const Place& found = places_[place];
  return found.turn_serial == turn_serial ? found.run : nullptr;
}

}  // namespace outrigger::filters::lua
