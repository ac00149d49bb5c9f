// Decimal digits of a fixed width, with leading zeros; digits that do not fit are left out at the
// front.
#pragma once

#include <cstddef>
#include <cstdint>

namespace outrigger::observe {

inline void put_digits(char* to, size_t width, uint64_t value) {
  while (width > 0) {
    to[--width] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace outrigger::observe
