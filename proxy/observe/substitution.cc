#include "proxy/observe/substitution.h"

#include <algorithm>

#include "proxy/observe/substitution_json.h"
#include "proxy/observe/word.h"

namespace outrigger::observe {
namespace {

bool is_control(char c) {
  auto octet = static_cast<unsigned char>(c);
  return (octet < 0x20 && c != '\t') || octet == 0x7f;
}

// How much of the text needs no escape.
size_t plain_prefix(std::string_view text) {
  size_t at = 0;
  do {
    for (; at + kWord <= text.size(); at += kWord) {
      uint64_t word = load_word(text.data() + at);
      if (any_below(word, 0x20) || any_equal(word, 0x7f)) break;
    }
    for (size_t end = std::min(at + kWord, text.size()); at < end; ++at) {
      if (is_control(text[at])) return at;
    }
  } while (at < text.size());
  return at;
}

void append_text(std::string_view text, LineBuffer& out) {
  constexpr char kHex[] = "0123456789abcdef";
  while (true) {
    size_t plain = plain_prefix(text);
    out.append(text.data(), plain);
    if (plain == text.size()) return;
    auto octet = static_cast<unsigned char>(text[plain]);
    const char escape[4] = {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
    out.append(escape, sizeof escape);
    text.remove_prefix(plain + 1);
  }
}

// Appends through `write` into the arena, with a larger buffer each time that one is too small.
template <class Write>
std::string_view to_arena(Arena& arena, size_t limit, bool keep_cut, Write write) {
  char first[1024];  // nearly every header value
  LineBuffer small(first, sizeof first);
  write(small);
  if (!small.overflowed()) return arena.copy(small.view());
  for (size_t size = 16 * sizeof first;; size *= 8) {
    size = std::min(size, limit);
    LineBuffer large(arena.allocate_chars(size), size);
    write(large);
    if (!large.overflowed()) return large.view();
    if (size == limit) return keep_cut ? large.view() : std::string_view();
  }
}

}  // namespace

void evaluate(const config::SubstitutionFormat& format, bool omit_empty, const LogContext& context,
              LogScratch& scratch, LineBuffer& out) {
  for (const config::LogCommand& command : format) {
    if (command.field == config::LogField::literal) {
      out.append(command.text);
      continue;
    }
    LogValue value = value_of(command, context, scratch);
    switch (value.kind) {
      case LogValue::Kind::none:
        if (!omit_empty) out.push_back('-');
        break;
      case LogValue::Kind::number:
        out.append_number(value.number);
        break;
      case LogValue::Kind::text:
        append_text(value.text, out);
        break;
      case LogValue::Kind::data:
        append_text(data_text(command, value, scratch), out);
        break;
    }
  }
}

void evaluate(const config::LogFormat& format, const LogContext& context, LogScratch& scratch,
              LineBuffer& out) {
  if (const auto* text = std::get_if<config::SubstitutionFormat>(&format.format)) {
    evaluate(*text, format.omit_empty_values, context, scratch, out);
    return;
  }
  evaluate_json(std::get<config::JsonFormat>(format.format), format.omit_empty_values, context,
                scratch, out);
  out.push_back('\n');
}

std::string_view evaluate_to_arena(const config::SubstitutionFormat& format,
                                   const LogContext& context, Arena& arena) {
  if (format.empty()) return {};
  if (format.size() == 1 && format.front().field == config::LogField::literal) {
    return format.front().text;
  }
  constexpr size_t kMaxHeaderValue = 64 * 1024;  // the default limit of a whole head is 60 KiB
  LogScratch scratch;
  return to_arena(arena, kMaxHeaderValue, true,
                  [&](LineBuffer& out) { evaluate(format, true, context, scratch, out); });
}

std::string_view evaluate_to_arena(const config::LogFormat& format, const LogContext& context,
                                   Arena& arena) {
  constexpr size_t kMaxBody = 1024 * 1024;  // a body that does not fit would be broken JSON
  LogScratch scratch;
  return to_arena(arena, kMaxBody, false,
                  [&](LineBuffer& out) { evaluate(format, context, scratch, out); });
}

}  // namespace outrigger::observe
