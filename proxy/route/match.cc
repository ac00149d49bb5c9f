#include "proxy/route/match.h"

#include <algorithm>
#include <span>

#include "api/config/stream_conditions.h"
#include "proxy/route/header_match.h"
#include "proxy/route/match_source.h"
#include "proxy/route/query.h"
#include "proxy/route/timeout.h"

namespace outrigger::route {
namespace {

using config::PathMatch;
using http::HeaderId;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// In lower case; copied only if something has to change.
std::string_view lower_case(std::string_view text, Arena& scratch) {
  if (std::ranges::none_of(text, is_upper)) return text;
  char* to = scratch.allocate_chars(text.size());
  std::ranges::transform(
      text, to, [](char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; });
  return {to, text.size()};
}

const config::VirtualHost* find_exact(const config::RouteTable& table, std::string_view host) {
  auto it = table.exact_domains.find(host);
  return it == table.exact_domains.end() ? nullptr : &table.hosts[it->second];
}

// `part` gives the end or the beginning of that length. A wildcard stands for at least one octet.
template <class Part>
const config::VirtualHost* find_wildcard(const config::RouteTable& table,
                                         const std::vector<config::RouteTable::Wildcards>& all,
                                         std::string_view host, Part part) {
  for (const auto& wildcards : all) {
    if (wildcards.length >= host.size()) continue;
    auto it = wildcards.domains.find(part(wildcards.length));
    if (it != wildcards.domains.end()) return &table.hosts[it->second];
  }
  return nullptr;
}

bool is_prefix(const PathMatch& match, std::string_view path) {
  if (path.size() < match.text.size()) return false;
  std::string_view start = path.substr(0, match.text.size());
  return match.case_sensitive ? start == match.text : http::equals_ignore_case(start, match.text);
}

// A CONNECT that opens a tunnel. Other extended CONNECTs (WebSocket over HTTP/2) match as the
// upgrade requests that they are.
bool is_connect(const http::HeaderMap& headers) {
  if (headers.get(HeaderId::method) != "CONNECT") return false;
  std::string_view protocol = headers.get(HeaderId::protocol);
  return protocol.empty() || protocol == "bytestream" || protocol == "connect-udp";
}

struct Request {
  const RouteInput& input;
  std::string_view path;  // with its query
  std::string_view whole_path;
  std::string_view path_only;  // without its parameters, if they are ignored
  bool has_path;
};

Request request_of(const RouteInput& input, bool ignore_path_parameters) {
  const http::HeaderField* field = input.headers.find(HeaderId::path);
  std::string_view path = field == nullptr ? std::string_view() : field->value;
  std::string_view whole_path = path_only(path);
  std::string_view compared = whole_path;
  if (ignore_path_parameters) compared = compared.substr(0, compared.find(';'));
  return {input, path, whole_path, compared, !path.empty()};
}

bool path_matches(const PathMatch& match, const Request& request) {
  if (match.kind == PathMatch::Kind::connect) return is_connect(request.input.headers);
  if (!request.has_path) return false;
  std::string_view path = request.path_only;
  switch (match.kind) {
    case PathMatch::Kind::prefix:
      return is_prefix(match, path);
    case PathMatch::Kind::path:
      return path.size() == match.text.size() && is_prefix(match, path);
    case PathMatch::Kind::path_separated_prefix:
      return is_prefix(match, path) &&
             (path.size() == match.text.size() || path[match.text.size()] == '/');
    case PathMatch::Kind::regex:
      return match.regex->full_match(path);
    case PathMatch::Kind::path_template:
      return match.regex->full_match(request.whole_path);
    case PathMatch::Kind::connect:
      break;
  }
  return false;
}

bool fraction_matches(const config::RuntimeFraction& fraction, const RouteInput& input) {
  return input.fractions != nullptr ? input.fractions->chosen(fraction, input.random)
                                    : chosen_by_default(fraction, input.random);
}

bool stream_matches(const config::RouteMatch& match, const RouteInput& input) {
  return match.stream == nullptr || (input.info != nullptr && match.stream->match(*input.info));
}

bool route_matches(const config::RouteMatch& match, const Request& request) {
  const RouteInput& input = request.input;
  return path_matches(match.path, request) &&
         (!match.fraction || fraction_matches(*match.fraction, input)) &&
         (!match.grpc_only || is_grpc(input.headers)) &&
         matches_all(match.headers, input.headers, input.scratch) &&
         matches_all(match.query, request.path) && stream_matches(match, input);
}

const config::Route* find_route(std::span<const config::Route> routes,
                                const config::RouteIndex* index, const Request& request) {
  if (index == nullptr) {
    auto it = std::ranges::find_if(routes, [&request](const config::Route& route) {
      return route_matches(route.match, request);
    });
    return it == routes.end() ? nullptr : &*it;
  }
  const config::Route* found = nullptr;
  index->visit(request.path_only, [&](uint32_t position) {
    const config::Route& route = routes[position];
    if (!route_matches(route.match, request)) return false;
    found = &route;
    return true;
  });
  return found;
}

const config::Route* find_route(const config::VirtualHost& host, const Request& request) {
  std::span<const config::Route> routes(host.routes);
  if (host.tree == nullptr) return find_route(routes, host.index.get(), request);
  uint32_t action = host.tree->tree.find(RequestSource(request.input));
  if (action == config::OnMatch::kNoAction) return nullptr;
  const config::RouteTree::List& list = host.tree->lists[action];
  return find_route(routes.subspan(list.first, list.count), list.index.get(), request);
}

// Without the header that has the host, only a table that has no other but "*" finds one.
const config::VirtualHost* host_of(const config::RouteTable& table, const RouteInput& input) {
  if (table.vhost_header.empty())
    return find_host(table, input.headers.get(HeaderId::authority), input.scratch);
  const http::HeaderField* field = input.headers.find(table.vhost_header);
  if (field != nullptr) return find_host(table, field->value, input.scratch);
  bool one_for_all = table.exact_domains.empty() && table.suffix_domains.empty() &&
                     table.prefix_domains.empty() && table.default_host;
  return one_for_all ? &table.hosts[*table.default_host] : nullptr;
}

bool needs_tls(const config::VirtualHost& host, const http::HeaderMap& headers) {
  using RequireTls = config::VirtualHost::RequireTls;
  if (host.require_tls == RequireTls::none) return false;
  if (headers.get(HeaderId::x_forwarded_proto) == "https") return false;
  return host.require_tls == RequireTls::all || headers.get(HeaderId::x_envoy_internal) != "true";
}

}  // namespace

std::string_view without_port(std::string_view authority) {
  size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  // The colons of an IPv6 address stand inside its brackets.
  size_t bracket = authority.rfind(']');
  if (bracket != std::string_view::npos && bracket > colon) return authority;
  return authority.substr(0, colon);
}

std::string_view path_only(std::string_view path) {
  // Two searches for one octet are much faster than one for either of two.
  path = path.substr(0, path.find('?'));
  return path.substr(0, path.find('#'));
}

const config::VirtualHost* find_host(const config::RouteTable& table, std::string_view authority,
                                     Arena& scratch) {
  if (table.ignore_port_in_host_matching) authority = without_port(authority);
  std::string_view host = lower_case(authority, scratch);
  if (const auto* found = find_exact(table, host)) return found;
  auto end_of = [host](size_t length) { return host.substr(host.size() - length); };
  if (const auto* found = find_wildcard(table, table.suffix_domains, host, end_of)) return found;
  auto start_of = [host](size_t length) { return host.substr(0, length); };
  if (const auto* found = find_wildcard(table, table.prefix_domains, host, start_of)) return found;
  return table.default_host ? &table.hosts[*table.default_host] : nullptr;
}

bool matches(const config::RouteMatch& match, const RouteInput& input,
             bool ignore_path_parameters) {
  return route_matches(match, request_of(input, ignore_path_parameters));
}

RouteMatchResult match(const config::RouteTable& table, const RouteInput& input) {
  RouteMatchResult result;
  result.host = host_of(table, input);
  if (result.host == nullptr) return result;
  result.needs_tls = needs_tls(*result.host, input.headers);
  if (result.needs_tls) return result;
  result.route = find_route(*result.host, request_of(input, table.ignore_path_parameters));
  const config::ForwardAction* action = result.route == nullptr ? nullptr : result.route->forward();
  if (action != nullptr) result.cluster = choose_cluster(*action, input);
  return result;
}

}  // namespace outrigger::route
