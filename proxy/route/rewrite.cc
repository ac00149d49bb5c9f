#include "proxy/route/rewrite.h"

#include <optional>
#include <string>

#include "proxy/route/match.h"

namespace outrigger::route {
namespace {

using http::HeaderId;

// The part of the path that a prefix rewrite replaces.
size_t matched_length(const config::PathMatch& match, std::string_view path) {
  switch (match.kind) {
    case config::PathMatch::Kind::prefix:
    case config::PathMatch::Kind::path:
    case config::PathMatch::Kind::path_separated_prefix:
      return match.text.size();
    case config::PathMatch::Kind::regex:
    case config::PathMatch::Kind::path_template:
    case config::PathMatch::Kind::connect:
      break;
  }
  return path_only(path).size();
}

std::string_view last_item(std::string_view list) {
  size_t comma = list.rfind(',');
  return comma == std::string_view::npos ? list : list.substr(comma + 1);
}

// The new host as the route says; empty: it stays.
std::string_view new_host(const config::ForwardAction& action, http::HeaderMap& headers,
                          ValueSource* values) {
  if (!action.host_rewrite.empty()) return action.host_rewrite;
  if (!action.host_rewrite_header.empty()) return headers.get(action.host_rewrite_header);
  if (action.host_rewrite_path_regex) {
    const config::RegexRewrite& rewrite = *action.host_rewrite_path_regex;
    return headers.arena().copy(
        rewrite.regex->replace_all(path_only(headers.get(HeaderId::path)), rewrite.substitution));
  }
  if (action.host_rewrite_format && values != nullptr)
    return values->value(*action.host_rewrite_format);
  return {};
}

// By the route's format; empty: it stays.
std::string_view formatted_path(const config::ForwardAction& action, std::string_view path,
                                Arena& arena, ValueSource* values) {
  if (!action.path_rewrite_format || values == nullptr) return {};
  std::string_view after = values->value(*action.path_rewrite_format);
  if (after.empty()) return {};
  return arena.concat(after, path.substr(path_only(path).size()));
}

std::string_view rewrite_path(const config::PathMatch& match,
                              const std::optional<std::string>& prefix,
                              const std::optional<config::RegexRewrite>& regex,
                              std::string_view path, Arena& arena) {
  if (prefix) {
    size_t matched = matched_length(match, path);
    // A filter may have changed the path since the route was chosen by it.
    if (matched > path.size()) return {};
    return arena.concat(*prefix, path.substr(matched));
  }
  if (regex) {
    std::string_view before = path_only(path);
    std::string after = regex->regex->replace_all(before, regex->substitution);
    if (after.empty()) return {};
    return arena.concat(after, path.substr(before.size()));
  }
  return {};
}

}  // namespace

std::string_view rewritten_path(const config::Route& route, std::string_view path, Arena& arena) {
  if (const auto* forward = route.forward()) {
    return rewrite_path(route.match.path, forward->prefix_rewrite, forward->regex_rewrite, path,
                        arena);
  }
  if (const auto* redirect = std::get_if<config::RedirectAction>(&route.action)) {
    return rewrite_path(route.match.path, redirect->prefix_rewrite, redirect->regex_rewrite, path,
                        arena);
  }
  return {};
}

void rewrite_request(const config::Route& route, http::HeaderMap& headers, RewriteOptions options) {
  const config::ForwardAction* action = route.forward();
  if (action == nullptr) return;
  if (std::string_view host = new_host(*action, headers, options.values); !host.empty()) {
    rewrite_host(headers, host, action->append_x_forwarded_host, options);
  }
  std::string_view old_path = headers.get(HeaderId::path);
  std::string_view path = rewritten_path(route, old_path, headers.arena());
  if (path.empty()) path = formatted_path(*action, old_path, headers.arena(), options.values);
  if (path.empty()) return;
  if (options.envoy_headers) headers.set(HeaderId::x_envoy_original_path, old_path);
  headers.set(HeaderId::path, path);
}

void rewrite_host(http::HeaderMap& headers, std::string_view host, bool append_x_forwarded_host,
                  RewriteOptions options) {
  std::string_view old_host = headers.get(HeaderId::authority);
  if (append_x_forwarded_host && !old_host.empty() &&
      last_item(headers.get(HeaderId::x_forwarded_host)) != old_host) {
    headers.append(HeaderId::x_forwarded_host, old_host);
  }
  if (options.envoy_headers && !old_host.empty()) {
    headers.set(HeaderId::x_envoy_original_host, old_host);
  }
  headers.set(HeaderId::authority, host);
}

}  // namespace outrigger::route
