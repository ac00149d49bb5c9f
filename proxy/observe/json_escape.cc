#include "proxy/observe/json_escape.h"

#include <algorithm>
#include <cstdint>

#include "proxy/observe/word.h"

namespace outrigger::observe {
namespace {

bool is_continuation(unsigned char c) {
  return (c & 0xc0) == 0x80;
}

// Octets of the well-formed sequence at the front, 0 if there is none (RFC 3629: no surrogates, no
// overlong forms).
size_t sequence_length(std::string_view text) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = at(0);
  if (first < 0x80) return 1;
  size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                  : (first & 0xf0) == 0xe0         ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(at(i))) return 0;
  }
  unsigned char second = at(1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return length;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    while (text.size() >= kWord && !any_high(load_word(text.data()))) text.remove_prefix(kWord);
    if (text.empty()) break;
    size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t json_plain_prefix(std::string_view text, bool valid_utf8) {
  size_t at = 0;
  do {
    for (; at + kWord <= text.size(); at += kWord) {
      uint64_t word = load_word(text.data() + at);
      bool special = any_below(word, 0x20) || any_equal(word, '"') || any_equal(word, '\\');
      if (special || (!valid_utf8 && any_high(word))) break;
    }
    for (size_t end = std::min(at + kWord, text.size()); at < end; ++at) {
      auto c = static_cast<unsigned char>(text[at]);
      if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x80 && !valid_utf8)) return at;
    }
  } while (at < text.size());
  return at;
}

}  // namespace outrigger::observe
