#include "filters/http/jwt_authn/token_locations.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace outrigger::filters::jwt_authn {

using http::HeaderId;
using Kind = TokenLocation::Kind;

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Escapes that are none stay as they are.
std::string_view percent_decode(std::string_view text, Arena& arena) {
  if (text.find('%') == std::string_view::npos) return text;
  char* out = arena.allocate_chars(text.size());
  size_t size = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    int low = high < 0 ? -1 : hex_value(text[i + 2]);
    if (low < 0) {
      out[size++] = text[i];
    } else {
      out[size++] = static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return {out, size};
}

// Calls visit(part, name, value) for each "name=value" of the query; it says whether to go on.
template <class Visit>
void for_each_parameter(std::string_view path, Arena& arena, Visit visit) {
  size_t mark = path.find('?');
  if (mark == std::string_view::npos) return;
  std::string_view query = path.substr(mark + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    size_t equals = part.find('=');
    std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (!visit(part, percent_decode(part.substr(0, equals), arena), percent_decode(value, arena))) {
      return;
    }
  }
}

std::optional<std::string_view> find_parameter(std::string_view path, std::string_view name,
                                               Arena& arena) {
  std::optional<std::string_view> found;
  for_each_parameter(path, arena,
                     [&](std::string_view, std::string_view key, std::string_view value) {
                       if (key == name) found = value;
                       return !found;
                     });
  return found;
}

void remove_parameter(std::string_view name, http::HeaderMap& headers) {
  Arena& arena = headers.arena();
  std::string_view path = headers.get(HeaderId::path);
  size_t mark = path.find('?');
  if (mark == std::string_view::npos) return;
  std::string kept(path.substr(0, mark));
  char separator = '?';
  for_each_parameter(path, arena,
                     [&](std::string_view part, std::string_view key, std::string_view) {
                       if (key != name) {
                         kept += separator;
                         kept += part;
                         separator = '&';
                       }
                       return true;
                     });
  size_t fragment = path.find('#', mark);
  if (fragment != std::string_view::npos) kept += path.substr(fragment);
  headers.set_copy(HeaderId::path, kept);
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> find_cookie(const http::HeaderMap& headers, std::string_view name) {
  for (const http::HeaderField& field : headers.fields()) {
    if (field.name != "cookie") continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view part = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      size_t equals = part.find('=');
      if (equals == std::string_view::npos || trim(part.substr(0, equals)) != name) continue;
      std::string_view value = trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
  }
  return std::nullopt;
}

void find_in_header(const TokenLocation& location, const http::HeaderMap& headers,
                    std::vector<FoundToken>& out) {
  constexpr std::string_view kTokenChars =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  for (const http::HeaderField& field : headers.fields()) {
    if (field.name != location.name) continue;
    std::string_view value = field.value;
    if (!location.prefix.empty()) {
      size_t at = value.find(location.prefix);
      if (at == std::string_view::npos) continue;
      size_t begin = value.find_first_of(kTokenChars, at + location.prefix.size());
      if (begin != std::string_view::npos) value = value.substr(begin);
    }
    out.push_back({value, &location});
  }
}

}  // namespace

bool TokenLocation::allows(std::string_view issuer) const {
  return std::any_of(issuers.begin(), issuers.end(), [&](const std::string& allowed) {
    return allowed.empty() || allowed == issuer;
  });
}

void TokenLocations::add_provider(const std::string& issuer,
                                  const std::vector<TokenHeader>& headers,
                                  const std::vector<std::string>& parameters,
                                  const std::vector<std::string>& cookies) {
  for (const TokenHeader& header : headers) add(Kind::header, header.name, header.prefix, issuer);
  for (const std::string& name : parameters) add(Kind::parameter, name, {}, issuer);
  for (const std::string& name : cookies) add(Kind::cookie, name, {}, issuer);
  if (headers.empty() && parameters.empty() && cookies.empty()) {
    add(Kind::header, "authorization", "Bearer ", issuer);
    add(Kind::parameter, "access_token", {}, issuer);
  }
}

void TokenLocations::add(Kind kind, const std::string& name, const std::string& prefix,
                         const std::string& issuer) {
  for (TokenLocation& location : locations_) {
    if (location.kind == kind && location.name == name && location.prefix == prefix) {
      location.issuers.push_back(issuer);
      return;
    }
  }
  locations_.push_back({kind, name, prefix, {issuer}});
  auto rank = [](const TokenLocation& l) { return std::tie(l.kind, l.name, l.prefix); };
  std::sort(locations_.begin(), locations_.end(),
            [&](const TokenLocation& a, const TokenLocation& b) { return rank(a) < rank(b); });
}

std::vector<FoundToken> TokenLocations::find(const http::HeaderMap& headers, Arena& arena) const {
  std::vector<FoundToken> found;
  for (const TokenLocation& location : locations_) {
    std::optional<std::string_view> token;
    switch (location.kind) {
      case Kind::header:
        find_in_header(location, headers, found);
        break;
      case Kind::parameter:
        token = find_parameter(headers.get(HeaderId::path), location.name, arena);
        break;
      case Kind::cookie:
        token = find_cookie(headers, location.name);
        break;
    }
    if (token) found.push_back({*token, &location});
  }
  return found;
}

void remove_token(const FoundToken& token, http::HeaderMap& headers) {
  switch (token.location->kind) {
    case Kind::header:
      headers.remove(token.location->name);
      break;
    case Kind::parameter:
      remove_parameter(token.location->name, headers);
      break;
    case Kind::cookie:  // as Envoy: other cookies would have to be written anew
      break;
  }
}

}  // namespace outrigger::filters::jwt_authn
