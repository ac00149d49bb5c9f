#include "proxy/runtime/timer_wheel.h"

#include <algorithm>

namespace outrigger::runtime {

void Timer::start(std::chrono::milliseconds delay) {
  cancel();
  // Rounded up by the part of the running millisecond, so that a timer never fires early.
  auto due =
      wheel_.now_ + std::max(delay, std::chrono::milliseconds(0)) + std::chrono::microseconds(999);
  due_ = std::max(wheel_.tick_of(due), wheel_.tick_ + 1);
  wheel_.insert(*this);
  ++wheel_.armed_;
}

void Timer::cancel() {
  if (!armed()) return;
  unlink();
  --wheel_.armed_;
}

void Timer::link(Timer*& head) {
  slot_ = &head;
  if (head == nullptr) {
    head = next_ = prev_ = this;
    return;
  }
  next_ = head;
  prev_ = head->prev_;
  prev_->next_ = this;
  head->prev_ = this;
}

void Timer::unlink() {
  if (next_ == this) {
    *slot_ = nullptr;
  } else {
    next_->prev_ = prev_;
    prev_->next_ = next_;
    if (*slot_ == this) *slot_ = next_;
  }
  next_ = prev_ = nullptr;
}

void TimerWheel::insert(Timer& timer) {
  uint64_t delta = timer.due_ - tick_;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (delta < (uint64_t{1} << (kBits * (level + 1))) || level == kLevels - 1) {
      uint64_t due = timer.due_;
      // Further away than the wheel reaches: the last slot before the present one; cascade() looks
      // again.
      uint64_t reach = uint64_t{1} << (kBits * kLevels);
      if (level == kLevels - 1 && delta >= reach) due = tick_ + reach - 1;
      unsigned slot = (due >> (kBits * level)) & (kSlots - 1);
      timer.link(slots_[level][slot]);
      occupied_[level].set(slot);
      return;
    }
  }
}

void TimerWheel::cascade(unsigned level) {
  Timer*& head = slots_[level][(tick_ >> (kBits * level)) & (kSlots - 1)];
  Timer* pending = nullptr;
  while (head != nullptr) {
    Timer* timer = head;
    timer->unlink();
    timer->link(pending);
  }
  while (pending != nullptr) {
    Timer* timer = pending;
    timer->unlink();
    if (timer->due_ <= tick_) timer->due_ = tick_;  // runs with this tick's slot
    insert(*timer);
  }
}

void TimerWheel::run_slot(Timer*& head) {
  // A callback may cancel its neighbours: take one at a time from the head.
  while (head != nullptr && head->due_ <= tick_) {
    Timer* timer = head;
    timer->cancel();
    timer->callback_(timer->context_);
  }
}

void TimerWheel::advance(MonotonicTime now) {
  now_ = now;
  uint64_t target = tick_of(now);
  while (tick_ < target) {
    if (armed_ == 0) {
      tick_ = target;
      return;
    }
    ++tick_;
    if ((tick_ & (kSlots - 1)) == 0) {
      if (((tick_ >> kBits) & (kSlots - 1)) == 0) cascade(2);
      cascade(1);
    }
    run_slot(slots_[0][tick_ & (kSlots - 1)]);
  }
}

unsigned TimerWheel::Occupied::steps_to_next(unsigned slot) const {
  constexpr unsigned kWords = kSlots / 64;
  unsigned word = slot / 64;
  uint64_t bits = words_[word] >> (slot % 64);
  if (bits != 0) return static_cast<unsigned>(std::countr_zero(bits));
  unsigned steps = 64 - slot % 64;
  for (unsigned i = 1; i <= kWords; ++i, steps += 64) {
    bits = words_[(word + i) % kWords];
    if (bits != 0) return std::min(steps + static_cast<unsigned>(std::countr_zero(bits)), kSlots);
  }
  return kSlots;
}

unsigned TimerWheel::steps_to_timer(unsigned level, unsigned slot) const {
  for (unsigned steps = occupied_[level].steps_to_next(slot); steps < kSlots;
       steps = occupied_[level].steps_to_next(slot)) {
    unsigned at = (slot + steps) & (kSlots - 1);
    if (slots_[level][at] != nullptr) return steps;
    occupied_[level].clear(at);
  }
  return kSlots;
}

std::optional<std::chrono::milliseconds> TimerWheel::next_delay() const {
  if (armed_ == 0) return std::nullopt;
  // The next turn of level 1 that has something to hand down, or at which level 2 may have.
  uint64_t turn = (tick_ >> kBits) + 1;
  unsigned slot = turn & (kSlots - 1);
  uint64_t next = (turn + std::min(steps_to_timer(1, slot), (kSlots - slot) & (kSlots - 1)))
                  << kBits;
  // The next timer of level 0.
  unsigned steps = steps_to_timer(0, (tick_ + 1) & (kSlots - 1));
  if (steps < kSlots) next = std::min(next, tick_ + 1 + steps);
  auto at = epoch_ + std::chrono::milliseconds(next);
  auto delay = std::chrono::ceil<std::chrono::milliseconds>(at - now_);
  return std::max(delay, std::chrono::milliseconds(0));
}

}  // namespace outrigger::runtime
