// VirtualHost.matcher: a generic matcher whose actions are routes.
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_match_tree.h"
#include "xds/compile_route_parts.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using RouteMessage = envoy::config::route::v3::Route;
using RouteListMessage = envoy::config::route::v3::RouteList;
using RouteTreeAction = ::xds::core::v3::TypedExtensionConfig;

class RouteTreeCompiler {
 public:
  RouteTreeCompiler(RouteScope& scope, config::VirtualHost& host) : scope_(scope), host_(host) {}

  std::shared_ptr<config::RouteTree> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                             FieldErrors& errors) {
    auto out = std::make_shared<config::RouteTree>();
    auto add = [&](const RouteTreeAction& message) { return action(message, *out); };
    out->tree =
        errors.take_nested("matcher", compile_match_tree(matcher, MatchSubject::route, add));
    // When all routes stand where they will stay.
    for (config::RouteTree::List& list : out->lists) {
      list.index = make_route_index(
          std::span<const config::Route>(host_.routes).subspan(list.first, list.count));
    }
    return out;
  }

 private:
  absl::StatusOr<uint32_t> action(const RouteTreeAction& message, config::RouteTree& tree) {
    FieldErrors errors;
    config::RouteTree::List list;
    list.first = static_cast<uint32_t>(host_.routes.size());
    auto unpacked = unpack_any(message.typed_config());
    const auto* type = unpacked.ok() ? (*unpacked)->GetDescriptor() : nullptr;
    if (type == RouteMessage::descriptor()) {
      add_route("typed_config", static_cast<const RouteMessage&>(**unpacked), errors);
    } else if (type == RouteListMessage::descriptor()) {
      const auto& routes = static_cast<const RouteListMessage&>(**unpacked).routes();
      for (int i = 0; i < routes.size(); ++i)
        add_route(indexed("typed_config.routes", i), routes.Get(i), errors);
    } else {
      errors.add("typed_config", fmt::format("the type '{}' is no route and no list of routes",
                                             message.typed_config().type_url()));
    }
    if (!errors.empty()) return errors.status();
    list.count = static_cast<uint32_t>(host_.routes.size()) - list.first;
    tree.lists.push_back(std::move(list));
    return static_cast<uint32_t>(tree.lists.size() - 1);
  }

  void add_route(const std::string& field, const RouteMessage& route, FieldErrors& errors) {
    if (!is_left_out(route, scope_))
      host_.routes.push_back(errors.take_nested(field, compile_route(route, scope_)));
  }

  RouteScope& scope_;
  config::VirtualHost& host_;
};

}  // namespace

void compile_route_tree(const envoy::config::route::v3::VirtualHost& host, RouteScope& scope,
                        config::VirtualHost& out, FieldErrors& errors) {
  if (host.routes_size() > 0) {
    errors.add("matcher", "cannot be set together with routes");
    return;
  }
  // As in Envoy, which does not look for the clusters of these routes.
  RouteScope unvalidated = scope;
  unvalidated.validate_clusters = false;
  out.tree = RouteTreeCompiler(unvalidated, out).compile(host.matcher(), errors);
}

}  // namespace outrigger::xds
