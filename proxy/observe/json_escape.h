// JSON string contents from any bytes: the result never ends its string and is always valid UTF-8.
// Valid UTF-8 stays as it is. In text that is not, every octet above 0x7f is written as \u00xx, as
// Envoy does: nothing is lost or guessed.
#pragma once

#include <string_view>

namespace outrigger::observe {

bool is_valid_utf8(std::string_view text);
// Length of the prefix that needs no escape in a JSON string.
size_t json_plain_prefix(std::string_view text, bool valid_utf8);

// `Out` has append(const char*, size_t), as std::string has.
template <class Out>
void append_json_escaped(std::string_view text, Out& out) {
  constexpr char kHex[] = "0123456789abcdef";
  bool utf8 = is_valid_utf8(text);
  while (true) {
    size_t plain = json_plain_prefix(text, utf8);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    auto c = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    const char short_form = c == '"' || c == '\\' ? static_cast<char>(c)
                            : !utf8               ? '\0'
                            : c == '\n'           ? 'n'
                            : c == '\r'           ? 'r'
                            : c == '\t'           ? 't'
                            : c == '\b'           ? 'b'
                            : c == '\f'           ? 'f'
                                                  : '\0';
    if (short_form != '\0') {
      const char escape[2] = {'\\', short_form};
      out.append(escape, 2);
    } else {
      const char escape[6] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      out.append(escape, 6);
    }
  }
}

}  // namespace outrigger::observe
