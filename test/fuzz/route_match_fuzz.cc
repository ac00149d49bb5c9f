// A request's head as a client could send it, through everything that routing does with it before
// an upstream is chosen: no octet string may crash, hang or leave a path that a second
// normalisation would read differently.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/route/match.h"
#include "proxy/route/path_normalize.h"
#include "proxy/route/redirect.h"
#include "proxy/route/retry_condition.h"
#include "proxy/route/rewrite.h"
#include "proxy/route/timeout.h"
#include "xds/regex.h"

namespace {

using namespace outrigger;
using Kind = config::PathMatch::Kind;

config::Route route_for(Kind kind, std::string text) {
  config::Route route;
  route.match.path.kind = kind;
  route.match.path.text = std::move(text);
  config::ForwardAction action;
  action.prefix_rewrite = "/new";
  action.host_rewrite_header = "x-host";
  action.append_x_forwarded_host = true;
  action.grpc_timeout_header_max = config::Milliseconds(1000);
  action.grpc_timeout_header_offset = config::Milliseconds(10);
  route.action = std::move(action);
  return route;
}

config::OnMatch then(uint32_t action) {
  config::OnMatch out;
  out.action = action;
  return out;
}

// By a header's address, else by a query parameter's beginning.
config::VirtualHost tree_host() {
  using Input = config::MatchInput::Kind;
  config::MatchTree by_query;
  by_query.kind = config::MatchTree::Kind::prefix;
  by_query.input = {Input::query_parameter, "q"};
  by_query.texts = {{"", then(0)}, {"a", then(1)}, {"aa", then(0)}};
  by_query.lengths = {2, 1, 0};
  auto tree = std::make_shared<config::RouteTree>();
  tree->tree.kind = config::MatchTree::Kind::ranges;
  tree->tree.input = {Input::request_header, "ip"};
  tree->tree.ranges.add({*net::Cidr::from_ip("10.0.0.0", 8), false, then(1)});
  tree->tree.ranges.add({*net::Cidr::from_ip("::", 1), true, then(0)});
  tree->tree.otherwise.tree = std::make_shared<const config::MatchTree>(std::move(by_query));
  tree->lists = {{0, 1, nullptr}, {1, 1, nullptr}};
  config::VirtualHost out;
  out.routes.push_back(route_for(Kind::prefix, "/"));
  out.routes.push_back(route_for(Kind::path, "/x"));
  out.tree = std::move(tree);
  return out;
}

void check(bool holds) {
  if (!holds) std::abort();
}

// The index may only make matching faster, never different.
void check_index(const config::RouteTable& indexed, const route::RouteInput& input) {
  static config::RouteTable plain = [&indexed] {
    config::RouteTable out = indexed;
    for (auto& host : out.hosts) host.index = nullptr;
    return out;
  }();
  auto found = route::match(indexed, input);
  auto expected = route::match(plain, input);
  check((found.route == nullptr) == (expected.route == nullptr));
  if (found.route == nullptr) return;
  check(found.route - found.host->routes.data() == expected.route - expected.host->routes.data());
}

const config::RouteTable& table() {
  static const config::RouteTable made = [] {
    config::RouteTable out;
    out.hosts.resize(2);
    for (int i = 0; i < 20; ++i) {
      out.hosts[0].routes.push_back(route_for(Kind::prefix, "/" + std::string(size_t(i) / 2, 'a')));
      out.hosts[0].routes.push_back(route_for(Kind::path, "/b" + std::to_string(i)));
    }
    out.hosts[0].index = std::make_shared<const config::RouteIndex>(out.hosts[0].routes);
    out.hosts[1].routes.push_back(route_for(Kind::path_separated_prefix, "/a"));
    for (const char* pattern : {"/a+(b|/)*", "/[^/]+/x", ".*;.*", "/a/(?P<x>[^/]+)"}) {
      auto route = route_for(Kind::regex, "");
      route.match.path.regex = *xds::compile_regex(pattern);
      out.hosts[1].routes.push_back(std::move(route));
    }
    for (int i = 0; i < 4; ++i)
      out.hosts[1].routes.push_back(route_for(Kind::prefix, "/A" + std::to_string(i)));
    for (auto& route : out.hosts[1].routes) route.match.path.case_sensitive = false;
    out.hosts[1].index =
        std::make_shared<const config::RouteIndex>(out.hosts[1].routes, xds::make_regex_set);
    out.ignore_path_parameters = true;
    out.hosts.push_back(tree_host());
    out.default_host = 0;
    out.exact_domains = {{"a", 1}, {"tree", 2}};
    out.suffix_domains.push_back({2, {{".a", 1}}});
    out.ignore_port_in_host_matching = true;
    return out;
  }();
  return made;
}

// Lines of "name=value"; the first line is the path.
void fill(http::HeaderMap& headers, std::string_view text) {
  bool first = true;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    size_t equals = line.find('=');
    if (first) {
      headers.add_copy(":path", line);
    } else if (equals != std::string_view::npos && equals > 0) {
      headers.add_copy(line.substr(0, equals), line.substr(equals + 1));
    }
    first = false;
  }
}

void normalize(http::HeaderMap& headers) {
  route::NormalizeOptions options{.normalize = true, .merge_slashes = true};
  std::string_view path = headers.get(http::HeaderId::path);
  auto result = route::normalize_path(path, options, headers.arena());
  if (result.kind != route::NormalizedPath::Kind::changed) return;
  check(!result.path.empty() && result.path.front() == '/');
  headers.set(http::HeaderId::path, result.path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLargest = 16 * 1024;  // more than a head may have
  if (size > kLargest) return 0;
  ChunkPool pool;
  Arena arena(pool);
  http::HeaderMap headers(arena);
  fill(headers, {reinterpret_cast<const char*>(data), size});
  normalize(headers);
  route::RouteInput input{headers, arena, size, nullptr};
  check_index(table(), input);
  auto found = route::match(table(), input);
  route::tls_redirect_location(headers, arena);
  if (found.route == nullptr) return 0;
  const config::ForwardAction& action = *found.route->forward();
  route::take_stream_duration(action, config::Milliseconds(0), headers);
  auto timeouts = route::take_timeouts(action, headers, {.grpc = route::is_grpc(headers)});
  check(timeouts.global.count() >= 0 && timeouts.per_try.count() >= 0);
  route::rewrite_request(*found.route, headers, {});
  auto rules = route::take_retry_rules(nullptr, headers);
  route::should_retry(rules, headers, arena);
  return 0;
}
