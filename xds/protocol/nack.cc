#include "xds/protocol/nack.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"

namespace outrigger::xds {
namespace {

// Room for the last line, which counts those left out.
constexpr size_t kRoomForCount = 64;
// A single reason that is longer than this leaves no room for others.
constexpr size_t kMaxLine = 1024;

// The size of the well-formed sequence at the text's start; 0: there is none.
size_t sequence_size(std::string_view text) {
  auto octet = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = octet(0);
  if (first < 0x80) return 1;
  size_t size = first >= 0xc2 && first < 0xe0   ? 2
                : first >= 0xe0 && first < 0xf0 ? 3
                : first >= 0xf0 && first < 0xf5 ? 4
                                                : 0;
  if (size == 0 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, above U+10FFFF.
  uint8_t second = octet(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90))
    return 0;
  return size;
}

// At most `limit` octets, cut between two characters.
std::string_view cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t size = sequence_size(text);
    if (size == 0) {
      out += '?';
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

std::string nack_text(std::string_view noun, const std::vector<RejectedResource>& rejected) {
  if (rejected.empty()) return {};
  std::string out = fmt::format("Error adding/updating {}", noun);
  absl::flat_hash_set<std::string> said;  // several consumers may say the same of one resource
  size_t left_out = 0;
  for (const RejectedResource& one : rejected) {
    std::string line = as_utf8(fmt::format("{}: {}", one.name, one.reason));
    if (said.contains(line)) continue;
    if (out.size() + std::min(line.size(), kMaxLine) + kRoomForCount > kMaxNackText) {
      ++left_out;
      continue;
    }
    out += said.empty() ? " " : "\n";
    out += cut(line, kMaxLine);
    said.insert(std::move(line));
  }
  if (left_out > 0) out += fmt::format("\nand {} more", left_out);
  return out;
}

}  // namespace outrigger::xds
