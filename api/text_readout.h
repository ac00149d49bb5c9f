// TextReadout: a statistic that is a short text, such as the version of what is in force: a pointer
// until it is set. Thread: ONE writer; anyone may read: the text is copied out under a lock of its
// own, which nobody holds for longer than that. Lifetime: its struct's (api/stats.h).
#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace outrigger {

class TextReadout {
 public:
  TextReadout() = default;
  TextReadout(const TextReadout&) = delete;
  TextReadout& operator=(const TextReadout&) = delete;
  ~TextReadout() { delete[] text_; }

  void set(std::string_view text);
  std::string value() const;  // empty before the first
  bool used() const;          // it was set

 private:
  class Lock;
  mutable std::atomic_flag busy_;
  char* text_ = nullptr;  // ours, ends with 0; nullptr: was never set
};

}  // namespace outrigger
