#include "filters/listener/http_inspector/request_line.h"

#include <algorithm>
#include <string_view>

namespace outrigger::filters::http_inspector {
namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9110, 5.6.2
bool is_token(char c) {
  bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_target(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
}

// A method, a space, a target, a space, and "HTTP/1.x".
Sniffed judge_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  size_t method = line.find(' ');
  size_t target = line.rfind(' ');
  if (method == std::string_view::npos || method == target) return Sniffed::not_http;
  std::string_view version = line.substr(target + 1);
  std::string_view path = line.substr(method + 1, target - method - 1);
  if (path.empty() || !std::all_of(path.begin(), path.end(), is_target)) return Sniffed::not_http;
  if (version == "HTTP/1.1") return Sniffed::http11;
  return version == "HTTP/1.0" ? Sniffed::http10 : Sniffed::not_http;
}

}  // namespace

Sniffed sniff(Bytes data) {
  if (data.empty()) return Sniffed::need_more;
  size_t n = std::min(data.size(), kHttp2Preface.size());
  if (data.substr(0, n) == kHttp2Preface.substr(0, n))
    return n == kHttp2Preface.size() ? Sniffed::http2 : Sniffed::need_more;
  // What is no method is known at its first wrong octet.
  std::string_view method = data.substr(0, data.find(' '));
  if (method.empty() || !std::all_of(method.begin(), method.end(), is_token))
    return Sniffed::not_http;
  size_t end = data.find('\n');
  return end == Bytes::npos ? Sniffed::need_more : judge_line(data.substr(0, end));
}

}  // namespace outrigger::filters::http_inspector
