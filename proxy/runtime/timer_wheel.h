// TimerWheel: many timers, each O(1) to start and to cancel, at millisecond resolution. Timer: one
// of them. Thread: the worker that owns the wheel. Lifetime: timers are members of the objects that
// they wake; destroying one cancels it. Three levels of 256 slots: 1 ms, 256 ms and 65.5 s wide;
// what is further away waits in the last slot and moves down.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>

namespace outrigger::runtime {

using MonotonicTime = std::chrono::steady_clock::time_point;

class TimerWheel;

class Timer {
 public:
  using Callback = void (*)(void*);

  Timer(TimerWheel& wheel, Callback callback, void* context)
      : wheel_(wheel), callback_(callback), context_(context) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  // Timer::on<&Stream::on_idle>(wheel, this)
  template <auto Method, class T>
  static Callback call() {
    return [](void* object) { (static_cast<T*>(object)->*Method)(); };
  }

  // Fires once, not before `delay` from the turn's time; replaces an earlier start.
  void start(std::chrono::milliseconds delay);
  void cancel();
  bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  void link(Timer*& head);
  void unlink();

  TimerWheel& wheel_;
  Callback callback_;
  void* context_;
  Timer* next_ = nullptr;  // circular list of a slot; nullptr: not armed
  Timer* prev_ = nullptr;
  Timer** slot_ = nullptr;
  uint64_t due_ = 0;  // tick
};

class TimerWheel {
 public:
  explicit TimerWheel(MonotonicTime start) : epoch_(start), now_(start) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Moves time on and runs what is due. Callbacks may start and cancel any timer.
  void advance(MonotonicTime now);
  // Only sets the time that start() counts from.
  void set_now(MonotonicTime now) { now_ = now; }
  // Until the next moment at which advance() has something to do; nullopt: no timer is armed.
  std::optional<std::chrono::milliseconds> next_delay() const;
  size_t armed() const { return armed_; }

 private:
  friend class Timer;
  static constexpr unsigned kBits = 8;
  static constexpr unsigned kSlots = 1u << kBits;
  static constexpr unsigned kLevels = 3;

  uint64_t tick_of(MonotonicTime time) const {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time - epoch_).count());
  }
  // Which slots of a level may have timers, a bit each: set with a timer, cleared when somebody
  // looks and finds none.
  class Occupied {
   public:
    void set(unsigned slot) { words_[slot / 64] |= uint64_t{1} << (slot % 64); }
    void clear(unsigned slot) { words_[slot / 64] &= ~(uint64_t{1} << (slot % 64)); }
    // Steps from `slot` to the next bit, going round; 0: the slot itself; kSlots: there is none.
    unsigned steps_to_next(unsigned slot) const;

   private:
    std::array<uint64_t, kSlots / 64> words_{};
  };

  void insert(Timer& timer);
  // Steps from `slot` to the next slot with a timer; kSlots: there is none.
  unsigned steps_to_timer(unsigned level, unsigned slot) const;
  void cascade(unsigned level);
  void run_slot(Timer*& head);

  MonotonicTime epoch_;
  MonotonicTime now_;
  uint64_t tick_ = 0;  // every timer due at or before this tick was run
  size_t armed_ = 0;
  std::array<std::array<Timer*, kSlots>, kLevels> slots_{};
  mutable std::array<Occupied, kLevels> occupied_;
};

}  // namespace outrigger::runtime
