#include "api/http/header_name.h"

#include <array>
#include <cstddef>

namespace outrigger::http {
namespace {

constexpr std::string_view kNames[kHeaderIdCount] = {"",
#define X(id, name) name,
                                                     OUTRIGGER_HEADER_NAMES(X)
#undef X
};

// Open addressing over a hash of the length and three characters: one probe for nearly every name,
// known or not.
constexpr size_t kSlots = 512;

constexpr size_t slot_of(std::string_view name) {
  auto at = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(name[i])); };
  size_t n = name.size();
  return (n * 131 + at(0) * 7 + at(n / 2) * 31 + at(n - 1) * 61 + at(n - n / 4 - 1) * 17) % kSlots;
}

constexpr std::array<uint8_t, kSlots> build_table() {
  std::array<uint8_t, kSlots> table{};
  for (unsigned id = 1; id < kHeaderIdCount; ++id) {
    size_t slot = slot_of(kNames[id]);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<uint8_t>(id);
  }
  return table;
}

constexpr std::array<uint8_t, kSlots> kTable = build_table();

}  // namespace

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::other;
  for (size_t slot = slot_of(name); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    if (kNames[kTable[slot]] == name) return static_cast<HeaderId>(kTable[slot]);
  }
  return HeaderId::other;
}

std::string_view header_name(HeaderId id) {
  return kNames[static_cast<unsigned>(id)];
}

}  // namespace outrigger::http
