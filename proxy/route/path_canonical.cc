#include "proxy/route/path_canonical.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace outrigger::route {
namespace {

enum class Class : uint8_t {
  pass,
  unreserved,
  escape,
  special,
  invalid
};

constexpr Class class_of(unsigned c) {
  if (c == 0) return Class::invalid;
  if (c >= 0x80) return Class::special;
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
    return Class::unreserved;
  }
  switch (c) {
    case '.':
    case '%':
    case '\\':
      return Class::special;
    case '-':
    case '_':
    case '~':
      return Class::unreserved;
    case '"':
    case '#':
    case '<':
    case '>':
    case '?':
    case '^':
    case '`':
    case '{':
    case '|':
    case '}':
      return Class::escape;
    default:
      return c <= 0x20 || c == 0x7f ? Class::escape : Class::pass;
  }
}

constexpr std::array<Class, 256> kClass = [] {
  std::array<Class, 256> table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = class_of(c);
  return table;
}();

Class class_at(char c) {
  return kClass[static_cast<unsigned char>(c)];
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The octet of the escape at `at` ("%41"), or -1.
int escape_at(std::string_view text, size_t at) {
  if (at + 2 >= text.size() || text[at] != '%') return -1;
  int high = hex_value(text[at + 1]);
  int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_slash(char c) {
  return c == '/' || c == '\\';
}

// Octets that a dot takes, which may be written "%2e"; 0: no dot.
size_t dot_length(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '.') return 1;
  return escape_at(text, at) == '.' ? 3 : 0;
}

// Octets of the UTF-8 character at `at`; 0: none.
size_t utf8_length(std::string_view text, size_t at) {
  auto octet = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  unsigned lead = octet(at);
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((octet(at + i) & 0xc0) != 0x80) return 0;
  }
  unsigned second = octet(at + 1);
  bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  bool surrogate = lead == 0xed && second >= 0xa0;
  bool too_large = lead == 0xf4 && second >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

// Nothing to change, as in most paths: only octets that stay, and no segment that begins with a
// dot.
bool is_plain(std::string_view path) {
  char before = 0;
  for (char c : path) {
    bool stays = class_at(c) == Class::pass || class_at(c) == Class::unreserved ||
                 (c == '.' && before != '/');
    if (!stays) return false;
    before = c;
  }
  return path.starts_with('/');
}

class Canonicalizer {
 public:
  Canonicalizer(std::string_view in, Arena& arena)
      : in_(in), out_(arena.allocate_chars(3 * in.size() + 3)) {}

  std::optional<std::string_view> run() {
    if (in_.empty() || !is_slash(in_.front())) put('/');
    while (at_ < in_.size()) {
      if (!step()) return std::nullopt;
    }
    return std::string_view(out_, size_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  bool step() {
    char c = in_[at_];
    switch (class_at(c)) {
      case Class::pass:
      case Class::unreserved:
        put(c);
        ++at_;
        return true;
      case Class::escape:
        put_escaped(c);
        ++at_;
        return true;
      case Class::invalid:
        return false;
      case Class::special:
        return special(c);
    }
    return false;
  }

  bool special(char c) {
    if (size_t dot = dot_length(in_, at_); dot != 0) return dots(dot);
    if (c == '\\') {
      put('/');
      ++at_;
      return true;
    }
    return c == '%' ? escape() : utf8();
  }

  // A dot that may begin a "." or ".." segment.
  bool dots(size_t dot) {
    size_t after = at_ + dot;
    if (size_ > 0 && out_[size_ - 1] == '/') {
      if (ends_segment(after)) {
        at_ = after + (after < in_.size() ? 1 : 0);
        return true;
      }
      size_t after_second = after + dot_length(in_, after);
      if (after_second != after && ends_segment(after_second)) {
        back_up();
        at_ = after_second + (after_second < in_.size() ? 1 : 0);
        return true;
      }
    }
    put('.');
    at_ = after;
    return true;
  }

  bool ends_segment(size_t at) const { return at == in_.size() || is_slash(in_[at]); }

  // Drops the last segment; the output ends in "/" before and after.
  void back_up() {
    if (size_ <= 1) return;
    --size_;
    while (size_ > 1 && out_[size_ - 1] != '/') --size_;
    if (lone_percent_ != kNone && lone_percent_ >= size_) lone_percent_ = kNone;
  }

  bool escape() {
    int octet = escape_at(in_, at_);
    if (octet < 0) {
      // Not an escape: passed on, as servers are used to.
      lone_percent_ = size_;
      put('%');
      ++at_;
      return true;
    }
    auto c = static_cast<char>(octet);
    if (octet == 0) return false;
    if (class_at(c) == Class::unreserved) {
      put(c);
      at_ += 3;
      escape_lone_percent();
      return true;
    }
    for (int i = 0; i < 3; ++i) put(in_[at_++]);
    return true;
  }

  // "%%34%31" must not become "%41", an escape that was not there: the "%" before it is escaped
  // itself.
  void escape_lone_percent() {
    if (lone_percent_ == kNone || size_ > lone_percent_ + 3) return;
    std::array<char, 3> tail = {'%', out_[lone_percent_ + 1], 0};
    if (size_ == lone_percent_ + 3) {
      tail[2] = out_[lone_percent_ + 2];
    } else if (at_ < in_.size()) {
      tail[2] = in_[at_];
    }
    if (escape_at({tail.data(), tail.size()}, 0) < 0) return;
    size_t following = size_ - lone_percent_ - 1;
    size_ = lone_percent_ + 1;
    put('2');
    put('5');
    for (size_t i = 1; i <= following; ++i) put(tail[i]);
    lone_percent_ = kNone;
  }

  bool utf8() {
    size_t length = utf8_length(in_, at_);
    if (length == 0) return false;
    for (size_t i = 0; i < length; ++i) put_escaped(in_[at_++]);
    return true;
  }

  void put(char c) { out_[size_++] = c; }
  void put_escaped(char c) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    auto octet = static_cast<unsigned char>(c);
    put('%');
    put(kHex[octet >> 4]);
    put(kHex[octet & 15]);
  }

  std::string_view in_;
  char* out_;
  size_t at_ = 0;
  size_t size_ = 0;
  size_t lone_percent_ = kNone;  // in the output: the last "%" that is no escape
};

}  // namespace

std::optional<std::string_view> canonical_path(std::string_view path, Arena& arena) {
  if (is_plain(path)) return path;
  return Canonicalizer(path, arena).run();
}

}  // namespace outrigger::route
