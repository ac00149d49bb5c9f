#include "api/text_readout.h"

#include <cstring>
#include <memory>
#include <thread>
#include <utility>

namespace outrigger {

class TextReadout::Lock {
 public:
  explicit Lock(std::atomic_flag& busy) : busy_(busy) {
    while (busy_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Lock() { busy_.clear(std::memory_order_release); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::atomic_flag& busy_;
};

void TextReadout::set(std::string_view text) {
  // Only the caller writes, so it may look at what is there without the lock.
  if (text_ != nullptr && text == text_) return;
  auto fresh = std::make_unique<char[]>(text.size() + 1);
  std::memcpy(fresh.get(), text.data(), text.size());
  std::unique_ptr<char[]> gone;  // freed after the lock
  Lock lock(busy_);
  gone.reset(std::exchange(text_, fresh.release()));
}

std::string TextReadout::value() const {
  Lock lock(busy_);
  return text_ == nullptr ? std::string() : std::string(text_);
}

bool TextReadout::used() const {
  Lock lock(busy_);
  return text_ != nullptr;
}

}  // namespace outrigger
