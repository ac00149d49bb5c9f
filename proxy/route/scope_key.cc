#include "proxy/route/scope_key.h"

#include <string_view>

namespace outrigger::route {
namespace {

using config::ScopeKeyPart;

// Calls visit(element) until it returns true.
template <class Visit>
void split(std::string_view value, std::string_view separator, Visit visit) {
  while (true) {
    size_t end = separator.empty() ? std::string_view::npos : value.find(separator);
    if (visit(value.substr(0, end)) || end == std::string_view::npos) return;
    value.remove_prefix(end + separator.size());
  }
}

std::optional<std::string_view> element_at(std::string_view value, const ScopeKeyPart& part) {
  std::optional<std::string_view> found;
  uint32_t at = 0;
  split(value, part.separator, [&](std::string_view element) {
    if (at++ != *part.index) return false;
    found = element;
    return true;
  });
  return found;
}

std::optional<std::string_view> element_of_key(std::string_view value, const ScopeKeyPart& part) {
  std::optional<std::string_view> found;
  split(value, part.separator, [&](std::string_view element) {
    size_t end = element.find(part.key_separator);
    if (element.substr(0, end) != *part.key) return false;
    found = end == std::string_view::npos ? std::string_view()
                                          : element.substr(end + part.key_separator.size());
    return true;
  });
  return found;
}

}  // namespace

std::optional<config::ScopeKey> make_scope_key(const config::ScopedRoutes& scopes,
                                               const http::HeaderMap& headers) {
  config::ScopeKey key;
  for (const ScopeKeyPart& part : scopes.key_parts) {
    const http::HeaderField* field = headers.find(part.header);
    if (field == nullptr) return std::nullopt;
    auto found = part.index ? element_at(field->value, part) : element_of_key(field->value, part);
    if (!found) return std::nullopt;
    config::append_scope_key_part(key, *found);
  }
  return key;
}

}  // namespace outrigger::route
