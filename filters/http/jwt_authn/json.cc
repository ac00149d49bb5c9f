#include "filters/http/jwt_authn/json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace outrigger::filters::jwt_authn {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  auto put = [&out](uint32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// The length of the well-formed UTF-8 sequence that `text` begins with; 0: it does not.
size_t utf8_length(std::string_view text) {
  auto octet = [&](size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  auto follows = [&](size_t at) { return (octet(at) & 0xc0) == 0x80; };
  unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xe0 && octet(1) < 0xa0) return 0;   // too long a form
    if (first == 0xed && octet(1) >= 0xa0) return 0;  // half of a pair
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xf0 && octet(1) < 0x90) return 0;
    if (first == 0xf4 && octet(1) >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // False: no value stands here.
  bool value(MetadataValue& out, unsigned depth) {
    if (depth > kMaxJsonDepth) return false;
    skip_space();
    switch (peek()) {
      case '{':
        return object(out.make_object(), depth);
      case '[':
        return list(out.get().emplace<MetadataList>(), depth);
      case '"':
        return string(out.get().emplace<std::string>());
      case 't':
        out = MetadataValue(true);
        return word("true");
      case 'f':
        out = MetadataValue(false);
        return word("false");
      case 'n':
        out = MetadataValue();
        return word("null");
      default:
        return number(out.get().emplace<double>());
    }
  }
  bool at_end() {
    skip_space();
    return text_.empty();
  }

 private:
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char c) {
    if (peek() != c || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  void skip_space() {
    size_t at = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at);
  }

  bool object(MetadataStruct& out, unsigned depth) {
    take('{');
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      std::string key;
      if (!string(key)) return false;
      skip_space();
      // A key that is there twice means one thing to one reader and another to the next.
      if (!take(':') || out.find(key) != nullptr) return false;
      MetadataValue member;
      if (!value(member, depth + 1)) return false;
      out[key] = std::move(member);
      skip_space();
    } while (take(','));
    return take('}');
  }

  bool list(MetadataList& out, unsigned depth) {
    take('[');
    skip_space();
    if (take(']')) return true;
    do {
      if (!value(out.emplace_back(), depth + 1)) return false;
      skip_space();
    } while (take(','));
    return take(']');
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (!text_.empty()) {
      auto c = static_cast<unsigned char>(text_.front());
      if (c == '"') {
        text_.remove_prefix(1);
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!escape(out)) return false;
        continue;
      }
      size_t length = utf8_length(text_);
      if (length == 0) return false;
      out.append(text_.substr(0, length));
      text_.remove_prefix(length);
    }
    return false;
  }

  bool escape(std::string& out) {
    text_.remove_prefix(1);
    if (text_.empty()) return false;
    char c = text_.front();
    text_.remove_prefix(1);
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (size_t at = kNames.find(c); at != std::string_view::npos) {
      out.push_back(kValues[at]);
      return true;
    }
    uint32_t code = 0;
    if (c != 'u' || !hex4(code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (!word("\\u") || !hex4(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
    return true;
  }

  bool hex4(uint32_t& out) {
    if (text_.size() < 4) return false;
    const char* end = text_.data() + 4;
    auto result = std::from_chars(text_.data(), end, out, 16);
    if (result.ec != std::errc() || result.ptr != end) return false;
    text_.remove_prefix(4);
    return true;
  }

  // -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
  bool number(double& out) {
    size_t size = 0;
    auto digits = [&] {
      size_t begin = size;
      while (size < text_.size() && text_[size] >= '0' && text_[size] <= '9') ++size;
      return size - begin;
    };
    auto is = [&](std::string_view any) {
      return size < text_.size() && any.find(text_[size]) != std::string_view::npos;
    };
    if (is("-")) ++size;
    bool zero = is("0");
    size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (is(".")) {
      ++size;
      if (digits() == 0) return false;
    }
    if (is("eE")) {
      ++size;
      if (is("+-")) ++size;
      if (digits() == 0) return false;
    }
    auto result = std::from_chars(text_.data(), text_.data() + size, out);
    if (result.ec != std::errc() || !std::isfinite(out)) return false;
    text_.remove_prefix(size);
    return true;
  }

  std::string_view text_;
};

}  // namespace

std::optional<MetadataStruct> parse_json_object(std::string_view text) {
  Reader reader(text);
  MetadataValue value;
  if (!reader.value(value, 0) || !reader.at_end()) return std::nullopt;
  auto* object = std::get_if<MetadataStruct>(&value.get());
  if (object == nullptr) return std::nullopt;
  return std::move(*object);
}

}  // namespace outrigger::filters::jwt_authn
