// LineBuffer: appends to memory of the caller's; what does not fit is not written and is remembered
// as an overflow. A value type; owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace outrigger::observe {

class LineBuffer {
 public:
  LineBuffer(char* begin, size_t capacity) : begin_(begin), at_(begin), end_(begin + capacity) {}

  void append(const char* text, size_t size) {
    if (overflowed_ || size > static_cast<size_t>(end_ - at_)) {
      overflowed_ = true;
      return;
    }
    if (size != 0) std::memcpy(at_, text, size);
    at_ += size;
  }
  void append(std::string_view text) { append(text.data(), text.size()); }
  void push_back(char c) { append(&c, 1); }
  void append_number(uint64_t value) {
    char digits[20];  // 2^64 has 20
    char* first = digits + sizeof digits;
    do {
      *--first = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    append(first, static_cast<size_t>(digits + sizeof digits - first));
  }
  // Drops what was appended since size() was `size`.
  void rewind(size_t size) { at_ = begin_ + size; }

  size_t size() const { return static_cast<size_t>(at_ - begin_); }
  std::string_view view() const { return {begin_, size()}; }
  bool overflowed() const { return overflowed_; }

 private:
  char* begin_;
  char* at_;
  char* end_;
  bool overflowed_ = false;
};

}  // namespace outrigger::observe
