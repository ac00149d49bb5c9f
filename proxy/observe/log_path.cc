#include "proxy/observe/log_path.h"

namespace outrigger::observe {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What is not a well-formed escape stays as it is.
std::string_view percent_decoded(std::string_view text, std::string& decoded) {
  if (text.find('%') == std::string_view::npos) return text;
  decoded.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::optional<std::string_view> logged_path(const http::HeaderMap& request, std::string_view spec) {
  size_t colon = spec.find(':');
  bool without_query = spec.substr(0, colon) == "NQ";
  std::string_view which = colon == std::string_view::npos ? "" : spec.substr(colon + 1);

  const http::HeaderField* field = nullptr;
  if (which != "PATH") field = request.find(http::HeaderId::x_envoy_original_path);
  if (field == nullptr && which != "ORIG") field = request.find(http::HeaderId::path);
  if (field == nullptr) return std::nullopt;
  return without_query ? field->value.substr(0, field->value.find('?')) : field->value;
}

std::optional<std::string_view> query_of(const http::HeaderMap& request) {
  std::string_view path = request.get(http::HeaderId::path);
  size_t question = path.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = path.substr(question + 1);
  return query.substr(0, query.find('#'));
}

std::optional<std::string_view> logged_query(const http::HeaderMap& request, bool decoded,
                                             std::string& scratch) {
  auto query = query_of(request);
  if (!query || !decoded) return query;
  return percent_decoded(*query, scratch);
}

std::optional<std::string_view> query_parameter(const http::HeaderMap& request,
                                                std::string_view name, std::string& decoded) {
  auto query = query_of(request);
  while (query && !query->empty()) {
    size_t end = query->find('&');
    std::string_view pair = query->substr(0, end);
    size_t equals = pair.find('=');
    if (percent_decoded(pair.substr(0, equals), decoded) == name) {
      if (equals == std::string_view::npos) return std::string_view();
      return percent_decoded(pair.substr(equals + 1), decoded);
    }
    if (end == std::string_view::npos) break;
    query->remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace outrigger::observe
