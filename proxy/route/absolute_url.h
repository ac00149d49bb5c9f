// An absolute URL of a Location header, in its parts. Pure: views into the text.
#pragma once

#include <optional>
#include <string_view>

namespace outrigger::route {

struct AbsoluteUrl {
  std::string_view scheme;     // "http" or "https", as it is written
  std::string_view authority;  // host, and port where one is written
  std::string_view path;       // with the query, without the fragment; "/" where none is written
  bool https = false;
};

// nullopt: relative, of another scheme, with user information, or not a URL.
std::optional<AbsoluteUrl> parse_absolute_url(std::string_view text);

}  // namespace outrigger::route
