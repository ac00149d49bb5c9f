#include "tools/ctl/explain.h"

#include <algorithm>
#include <span>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"

#include "proxy/route/match_source.h"
#include "tools/ctl/decision.h"
#include "tools/ctl/describe_action.h"
#include "tools/ctl/describe_match.h"
#include "tools/ctl/explain_host.h"

namespace outrigger::ctl {
namespace {

using http::HeaderId;

class Explanation {
 public:
  Explanation(const LoadedRoutes& routes, const TestInput& input,
              const route::FractionSource& fractions)
      : routes_(routes), request_(input), fractions_(fractions) {}

  std::string text() {
    say_request();
    Decision decision = decide(routes_, request_, fractions_);
    std::string_view host = host_of_request();
    for (const std::string& each : explain_host(routes_, host, decision.matched.host)) line(each);
    if (decision.matched.needs_tls) {
      line("routes: not tried, the virtual host requires TLS");
    } else if (decision.matched.host != nullptr) {
      explain_routes(decision);
    }
    // Before the heads change: the proxy, too, reads what came.
    std::vector<std::string> action = describe_action(routes_, decision, request_);
    apply(routes_, decision, request_);
    line("then:");
    for (const std::string& each : action) line("  " + each);
    say_heads(decision);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }

  void say_request() {
    const http::HeaderMap& headers = request_.headers();
    line(fmt::format("request: {} {}://{}{}", headers.get(HeaderId::method),
                     headers.get(HeaderId::scheme), headers.get(HeaderId::authority),
                     headers.get(HeaderId::path)));
  }

  std::string_view host_of_request() {
    const std::string& header = routes_.table().vhost_header;
    return header.empty() ? request_.headers().get(HeaderId::authority)
                          : request_.headers().get(header);
  }

  // Those that the virtual host's generic matcher leaves; all where it has none.
  std::span<const config::Route> tried_routes(const config::VirtualHost& host) {
    std::span<const config::Route> all(host.routes);
    if (host.tree == nullptr) return all;
    route::RouteInput input = route_input(request_, fractions_);
    uint32_t action = host.tree->tree.find(route::RequestSource(input));
    if (action == config::OnMatch::kNoAction) {
      line("routes: none, the virtual host's matcher has no action for the request");
      return {};
    }
    const config::RouteTree::List& list = host.tree->lists[action];
    line(fmt::format("the virtual host's matcher leads to action {} of {}", action,
                     host.tree->lists.size()));
    return all.subspan(list.first, list.count);
  }

  void explain_routes(const Decision& decision) {
    const config::VirtualHost& host = *decision.matched.host;
    std::span<const config::Route> tried = tried_routes(host);
    line("routes:");
    if (tried.empty()) line("  there are none to try");
    route::RouteInput input = route_input(request_, fractions_);
    for (const config::Route& route : tried) {
      std::string name = fmt::format("[{}]{} {}", &route - host.routes.data(),
                                     route.name.empty() ? "" : fmt::format(" \"{}\"", route.name),
                                     describe(route.match));
      if (&route == decision.matched.route) {
        line(fmt::format("  {}: yes", name));
        say_rest(static_cast<size_t>(&tried.back() - &route));
        return;
      }
      line(fmt::format("  {}: no, {}", name,
                       fmt::join(failed_conditions(routes_.table(), route.match, input), "; ")));
    }
  }

  void say_rest(size_t count) {
    if (count == 1) line("  the one behind it was not tried");
    if (count > 1) line(fmt::format("  the {} behind it were not tried", count));
  }

  void say_heads(const Decision& decision) {
    if (decision.has_entry() && !decision.matched.cluster.name.empty()) {
      line("the request goes upstream as:");
      say(request_.headers());
    }
    if (decision.answers()) {
      line("the answer has:");
      say(request_.response());
    } else if (!request_.response().empty()) {
      line("the response comes back as:");
      say(request_.response());
    }
  }

  void say(const http::HeaderMap& headers) {
    for (const http::HeaderField& field : headers.fields())
      line(fmt::format("  {}: {}", field.name, field.value));
  }

  const LoadedRoutes& routes_;
  Request request_;
  const route::FractionSource& fractions_;
  std::string out_;
};

}  // namespace

std::string explain(const LoadedRoutes& routes, const TestInput& input,
                    const route::FractionSource& fractions) {
  return Explanation(routes, input, fractions).text();
}

}  // namespace outrigger::ctl
