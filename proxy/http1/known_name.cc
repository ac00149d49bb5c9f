#include "proxy/http1/known_name.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace outrigger::http1 {
namespace {

static_assert(std::endian::native == std::endian::little, "the words below are loaded as they lie");

// A name's first and last eight octets. Together with its length they are the whole of a name up to
// sixteen octets.
struct Words {
  uint64_t first;
  uint64_t last;
};

constexpr uint64_t word_at(std::string_view name, size_t at) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8 && at + i < name.size(); ++i) {
    word |= uint64_t{static_cast<unsigned char>(name[at + i])} << (8 * i);
  }
  return word;
}

constexpr Words words_of(std::string_view name) {
  return {word_at(name, 0), name.size() > 8 ? word_at(name, name.size() - 8) : 0};
}

inline Words load_words(std::string_view name) {
  Words words{};
  std::memcpy(&words.first, name.data(), 8);
  if (name.size() > 8) {
    std::memcpy(&words.last, name.data() + name.size() - 8, 8);
  } else {
    words.first &= ~uint64_t{0} >> (8 * (8 - name.size()));
  }
  return words;
}

constexpr size_t kSlotBits = 9;
constexpr size_t kSlots = size_t{1} << kSlotBits;

constexpr size_t slot_of(Words words, size_t size) {
  constexpr uint64_t kMix = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
  return ((words.first * kMix + words.last + size) * kMix) >> (64 - kSlotBits);
}

struct Table {
  std::array<uint8_t, kSlots> ids{};
  std::array<Words, http::kHeaderIdCount> words{};
  std::array<std::string_view, http::kHeaderIdCount> names{};
};

constexpr std::array<std::string_view, http::kHeaderIdCount> kNames = {"",
#define X(id, name) name,
                                                                       OUTRIGGER_HEADER_NAMES(X)
#undef X
};

constexpr Table kTable = [] {
  Table table;
  table.names = kNames;
  for (size_t id = 1; id < http::kHeaderIdCount; ++id) {
    table.words[id] = words_of(kNames[id]);
    size_t slot = slot_of(table.words[id], kNames[id].size());
    while (table.ids[slot] != 0) slot = (slot + 1) % kSlots;
    table.ids[slot] = static_cast<uint8_t>(id);
  }
  return table;
}();

// The words are the same; what lies between them may differ.
inline bool is_name(size_t id, std::string_view name) {
  std::string_view known = kTable.names[id];
  if (known.size() != name.size()) return false;
  for (size_t i = 8; i + 8 < name.size(); ++i) {
    if (known[i] != name[i]) return false;
  }
  return true;
}

}  // namespace

http::HeaderId known_name(std::string_view name) {
  Words words = load_words(name);
  for (size_t slot = slot_of(words, name.size());; slot = (slot + 1) % kSlots) {
    size_t id = kTable.ids[slot];
    if (id == 0) return http::HeaderId::other;
    if (kTable.words[id].first != words.first || kTable.words[id].last != words.last) continue;
    if (is_name(id, name)) return static_cast<http::HeaderId>(id);
  }
}

}  // namespace outrigger::http1
