#include "proxy/route/redirect.h"

#include <string>

#include "proxy/route/rewrite.h"

namespace outrigger::route {
namespace {

using config::RedirectAction;
using http::HeaderId;

std::string_view scheme_of(const RedirectAction& action, const http::HeaderMap& headers) {
  if (!action.scheme.empty()) return action.scheme;
  if (action.https) return "https";
  return headers.get(HeaderId::scheme);
}

// Where the ":port" of an authority begins; npos: it has none.
size_t port_start(std::string_view authority) {
  if (!authority.starts_with('[')) return authority.rfind(':');
  size_t end = authority.rfind("]:");
  return end == std::string_view::npos ? end : end + 1;
}

// The request's host; without its port where that is replaced, or is the default of a scheme that
// the redirect leaves.
std::string_view request_host(const http::HeaderMap& headers, std::string_view new_scheme,
                              bool new_port) {
  std::string_view authority = headers.get(HeaderId::authority);
  size_t start = port_start(authority);
  if (start == std::string_view::npos) return authority;
  std::string_view port = authority.substr(start);
  std::string_view scheme = headers.get(HeaderId::x_forwarded_proto);
  bool leaves_default = new_scheme != scheme && ((scheme == "https" && port == ":443") ||
                                                 (scheme == "http" && port == ":80"));
  return new_port || leaves_default ? authority.substr(0, start) : authority;
}

std::string_view query_of(std::string_view path) {
  size_t question = path.find('?');
  return question == std::string_view::npos ? std::string_view() : path.substr(question);
}

std::string_view new_path(const config::Route& route, const RedirectAction& action,
                          std::string_view path, Arena& arena) {
  if (action.path) {
    // A query in path_redirect takes the place of the request's, and is not stripped.
    bool own_query = action.path->find('?') != std::string::npos;
    if (own_query || action.strip_query) return *action.path;
    return arena.concat(*action.path, query_of(path));
  }
  std::string_view rewritten = rewritten_path(route, path, arena);
  if (!rewritten.empty()) path = rewritten;
  return action.strip_query ? path.substr(0, path.find('?')) : path;
}

}  // namespace

std::string_view redirect_location(const config::Route& route, const http::HeaderMap& headers,
                                   Arena& arena) {
  const auto& action = std::get<RedirectAction>(route.action);
  std::string_view scheme = scheme_of(action, headers);
  std::string_view host = action.host.empty()
                              ? request_host(headers, scheme, action.port.has_value())
                              : std::string_view(action.host);
  std::string port = action.port ? ":" + std::to_string(*action.port) : std::string();
  std::string_view path = new_path(route, action, headers.get(HeaderId::path), arena);
  return arena.concat(scheme, "://", host, port, path);
}

std::string_view tls_redirect_location(const http::HeaderMap& headers, Arena& arena) {
  return arena.concat("https://", headers.get(HeaderId::authority), headers.get(HeaderId::path));
}

}  // namespace outrigger::route
