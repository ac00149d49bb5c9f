#include "proxy/http1/target.h"

#include "api/http/header_map.h"
#include "proxy/http1/chars.h"

namespace outrigger::http1 {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// host ":" port, both required: a tunnel has no default port.
HeadError parse_authority_form(std::string_view text, Target& out) {
  constexpr uint64_t kMaxPort = 65535;
  size_t colon = text.rfind(':');
  uint64_t port = 0;
  if (colon == std::string_view::npos || colon == 0 || !is_valid_authority(text) ||
      !http::parse_decimal(text.substr(colon + 1), port) || port > kMaxPort) {
    return {400, details::kInvalidUrl};
  }
  out.authority = text;
  return kNoError;
}

HeadError parse_absolute_form(std::string_view text, Arena& arena, Target& out) {
  size_t colon = text.find("://");
  if (colon == std::string_view::npos) return kMalformed;
  std::string_view scheme = text.substr(0, colon);
  if (http::equals_ignore_case(scheme, "http")) {
    out.scheme = "http";
  } else if (http::equals_ignore_case(scheme, "https")) {
    out.scheme = "https";
  } else {
    return {400, details::kInvalidScheme};
  }
  text.remove_prefix(colon + 3);
  size_t end = text.find_first_of("/?#");
  out.authority = text.substr(0, end);
  if (out.authority.empty() || !is_valid_authority(out.authority)) {
    return {400, details::kInvalidUrl};
  }
  if (end == std::string_view::npos) {
    out.path = "/";
  } else {
    out.path = text[end] == '/' ? text.substr(end) : arena.concat("/", text.substr(end));
  }
  return kNoError;
}

}  // namespace

bool is_valid_authority(std::string_view text) {
  return all_in(text, kAuthority);
}

HeadError parse_target(std::string_view method, std::string_view text, bool allow_absolute,
                       Arena& arena, Target& out) {
  if (method == "CONNECT") return parse_authority_form(text, out);
  if (text.front() == '/' || (text == "*" && method == "OPTIONS")) {
    out.path = text;
    return kNoError;
  }
  if (!is_alpha(text.front())) return {400, details::kInvalidUrl};
  if (allow_absolute) return parse_absolute_form(text, arena, out);
  out.path = text;  // the stream refuses what is no path, with its own answer
  return kNoError;
}

}  // namespace outrigger::http1
