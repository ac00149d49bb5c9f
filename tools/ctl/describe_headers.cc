#include "tools/ctl/describe_headers.h"

#include "fmt/format.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::ctl {
namespace {

using envoy::config::core::v3::HeaderValueOption;
using Lines = std::vector<std::string>;

std::string_view verb_of(const HeaderValueOption& option) {
  if (option.has_append()) return option.append().value() ? "add" : "set";
  switch (option.append_action()) {
    case HeaderValueOption::ADD_IF_ABSENT:
      return "add if absent";
    case HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD:
      return "set";
    case HeaderValueOption::OVERWRITE_IF_EXISTS:
      return "set if there";
    default:
      return "add";
  }
}

template <class Additions, class Removals>
void describe_changes(std::string_view message, std::string_view level, const Additions& additions,
                      const Removals& removals, Lines& out) {
  for (const std::string& name : removals)
    out.push_back(fmt::format("{} header: remove {} ({})", message, name, level));
  for (const HeaderValueOption& option : additions) {
    out.push_back(fmt::format("{} header: {} {}: {} ({})", message, verb_of(option),
                              option.header().key(), option.header().value(), level));
  }
}

template <class Level>
void describe_level(const Level& level, std::string_view name, bool request, Lines& out) {
  if (request) {
    describe_changes("request", name, level.request_headers_to_add(),
                     level.request_headers_to_remove(), out);
  }
  describe_changes("response", name, level.response_headers_to_add(),
                   level.response_headers_to_remove(), out);
}

}  // namespace

void describe_headers(const LoadedRoutes& routes, const Decision& decision, Lines& out) {
  const route::RouteMatchResult& matched = decision.matched;
  const auto* route = routes.message_of(*matched.host, *matched.route);
  bool request = decision.has_entry();
  if (route != nullptr && matched.cluster.weighted != nullptr) {
    auto index = static_cast<int>(matched.cluster.weighted - decision.forward()->weighted.data());
    describe_level(route->route().weighted_clusters().clusters(index), "weighted cluster", request,
                   out);
  }
  if (route != nullptr) describe_level(*route, "route", request, out);
  describe_level(routes.message_of(*matched.host), "virtual host", request, out);
  describe_level(routes.message(), "route configuration", request, out);
}

}  // namespace outrigger::ctl
