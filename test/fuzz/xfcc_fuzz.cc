// x-forwarded-client-cert: whatever names a certificate has, the element that this proxy writes is
// read as one element with those names, and nothing in it ends the header.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/stream/client_certificate_header.h"

namespace {

struct Pair {
  std::string key, value;
};

// Reads a header as its documentation says: elements by commas, pairs by semicolons, either not
// inside of quotes, where a backslash escapes.
std::vector<std::vector<Pair>> parse(std::string_view text) {
  std::vector<std::vector<Pair>> elements(1);
  Pair pair;
  bool in_value = false, quoted = false;
  auto end_pair = [&] {
    elements.back().push_back(pair);
    pair = {};
    in_value = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) abort();
    if (quoted && c == '\\' && i + 1 < text.size()) {
      pair.value += text[++i];
    } else if (in_value && c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ';') {
      end_pair();
    } else if (!quoted && c == ',') {
      end_pair();
      elements.emplace_back();
    } else if (!in_value && c == '=') {
      in_value = true;
    } else {
      (in_value ? pair.value : pair.key) += c;
    }
  }
  if (quoted) abort();
  end_pair();
  return elements;
}

std::string readable(std::string_view name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : name) {
    if (c >= 0x20 && c < 0x7f) {
      out += static_cast<char>(c);
    } else {
      out += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Names, separated by octets 0; the first is this proxy's, then URIs and DNS names in turn.
  std::string_view text(reinterpret_cast<const char*>(data), size);
  outrigger::CertificateInfo client, own;
  client.sha256 = "ab";
  for (size_t i = 0; !text.empty(); ++i) {
    std::string name(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    (i == 0 ? own.uri_sans : i % 2 == 0 ? client.uri_sans : client.dns_sans).push_back(name);
  }
  std::string element = outrigger::stream::client_certificate_element(
      {false, false, false, true, true}, client, &own);
  auto elements = parse(element);
  if (elements.size() != 1) abort();
  std::vector<Pair> expected;
  for (const auto& uri : own.uri_sans) expected.push_back({"By", readable(uri)});
  expected.push_back({"Hash", "ab"});
  for (const auto& uri : client.uri_sans) expected.push_back({"URI", readable(uri)});
  for (const auto& name : client.dns_sans) expected.push_back({"DNS", readable(name)});
  if (elements[0].size() != expected.size()) abort();
  for (size_t i = 0; i < expected.size(); ++i) {
    if (elements[0][i].key != expected[i].key || elements[0][i].value != expected[i].value) abort();
  }
  return 0;
}
