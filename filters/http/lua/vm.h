// Vm: one worker's Lua state of one script: its globals, its two functions, and the coroutines that
// run them for streams. What a script holds of a stream is a number that the Vm knows as long as it
// may be used, never a pointer: scripts keep things, and streams end. Thread: the worker's.
// Lifetime: its Script's.
//
// Nothing of Lua's may unwind C++ frames that own something: functions of the API return an error,
// and the innermost frame, which owns nothing, raises it. Memory is bounded while a script runs,
// for only there running out of it is an error and not the end of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

struct lua_State;

namespace outrigger::filters::lua {

class Run;

enum class EntryPoint : uint8_t {
  on_request,
  on_response
};

struct Coroutine {
  lua_State* state = nullptr;
  int reference = 0;
};

class Vm {
 public:
  // What all objects of one state may take: a script that keeps what it sees must not take the
  // machine's memory. Bodies that it is shown are bounded by the stream's limits.
  static constexpr size_t kMaxBytes = 256 * 1024 * 1024;

  // Runs the script's outermost level. An error says line and cause.
  static absl::StatusOr<std::unique_ptr<Vm>> load(const std::string& code);
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;
  ~Vm();
  static Vm& of(lua_State* state);

  bool has(EntryPoint entry) const { return entries_[static_cast<unsigned>(entry)] != kNoFunction; }

  // A coroutine with the entry point's function on its stack.
  Coroutine take(EntryPoint entry);
  // `finished`: it ended well and may serve again.
  void give(Coroutine coroutine, bool finished);
  // lua_resume under the memory limit.
  int resume(Coroutine coroutine, int arguments);

  // A run gets a place; its handle is good for as long as the run lasts, and what the handle gives
  // until the next suspension.
  uint32_t open(Run& run);
  void close(uint32_t place);
  void begin_turn(uint32_t place);
  void end_turn(uint32_t place);
  uint64_t run_serial(uint32_t place) const { return places_[place].run_serial; }
  uint64_t turn_serial(uint32_t place) const { return places_[place].turn_serial; }
  // nullptr: it must not be used (any more, or now).
  Run* find_run(uint32_t place, uint64_t run_serial) const;
  Run* find_turn(uint32_t place, uint64_t turn_serial) const;

  size_t bytes() const { return bytes_; }

 private:
  static constexpr int kNoFunction = -1;
  static constexpr size_t kMaxIdleCoroutines = 64;  // what a burst needed goes back

  struct Place {
    Run* run = nullptr;  // nullptr: free
    uint64_t run_serial = 0;
    uint64_t turn_serial = 0;  // 0: suspended
  };

  Vm() = default;
  static void* allocate(void* self, void* block, size_t old_size, size_t new_size);
  absl::Status start(const std::string& code);
  int function(const char* name);
  void collect_if_starved();

  lua_State* state_ = nullptr;
  size_t bytes_ = 0;
  bool limited_ = false;
  bool starved_ = false;  // the limit was met
  int entries_[2] = {kNoFunction, kNoFunction};
  std::vector<Coroutine> idle_;
  std::vector<Place> places_;
  std::vector<uint32_t> free_places_;
  uint64_t last_serial_ = 0;
};

}  // namespace outrigger::filters::lua
