// The parts of compile_route, for each other: one function per message. Not for use elsewhere.
// Thread: main. Errors open with the path of the field inside the message.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/duration.pb.h"

#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/filter_state.pb.h"

#include "api/config/route.h"
#include "api/config/stream_conditions.h"
#include "xds/compile_header_mutation.h"
#include "xds/compile_rate_limit.h"
#include "xds/compile_route.h"
#include "xds/field_errors.h"

namespace outrigger::xds {

// What every route of a table has around it.
struct RouteScope {
  explicit RouteScope(RouteCompileContext& compile_context) : context(compile_context) {}

  RouteCompileContext& context;
  bool validate_clusters = true;
  uint32_t max_direct_response_body = 4096;
  // What routes inherit from the virtual host or the table.
  std::shared_ptr<const config::RetryPolicy> retry;
  bool hedge_on_per_try_timeout = false;
  std::vector<config::MirrorPolicy> mirrors;
  std::optional<uint64_t> request_buffer_limit;
  // Cluster specifiers that the table has, that are not known here, and may be left out.
  std::vector<std::string> left_out_specifiers;
  std::string host_name;  // the virtual host's

  config::ClusterRef cluster(std::string_view field, const std::string& name, FieldErrors& errors);
};

absl::StatusOr<config::FilterStateMatch> compile_filter_state_match(
    const envoy::type::matcher::v3::FilterStateMatcher& matcher);
absl::StatusOr<config::RouteMatch> compile_route_match(
    const envoy::config::route::v3::RouteMatch& match);

absl::StatusOr<config::Route> compile_route(const envoy::config::route::v3::Route& route,
                                            RouteScope& scope);
// A route whose cluster specifier is not known here, and optional, matches nothing.
bool is_left_out(const envoy::config::route::v3::Route& route, const RouteScope& scope);
// The index of a virtual host's routes, or of some of them; nullptr: they are few.
std::shared_ptr<const config::RouteIndex> make_route_index(std::span<const config::Route> routes);
// VirtualHost.matcher: its routes are added to the host's.
void compile_route_tree(const envoy::config::route::v3::VirtualHost& host, RouteScope& scope,
                        config::VirtualHost& out, FieldErrors& errors);

// nullptr: the host has none.
std::shared_ptr<const config::VirtualClusters> compile_virtual_clusters(
    const envoy::config::route::v3::VirtualHost& host, RouteCompileContext& context,
    FieldErrors& errors);
// What requests of routes with this stat_prefix are counted as.
StatsScopePtr make_route_stats(std::string_view host_name, std::string_view stat_prefix,
                               StatsRegistry& stats);

absl::StatusOr<config::ForwardAction> compile_forward(
    const envoy::config::route::v3::RouteAction& action, RouteScope& scope);
// Sets the clusters of the action.
void compile_weighted_clusters(const envoy::config::route::v3::WeightedCluster& clusters,
                               RouteScope& scope, config::ForwardAction& out, FieldErrors& errors);
absl::StatusOr<config::RedirectAction> compile_redirect(
    const envoy::config::route::v3::RedirectAction& action);
absl::StatusOr<config::DirectResponseAction> compile_direct_response(
    const envoy::config::route::v3::DirectResponseAction& action, uint32_t max_body);

using MirrorPolicies =
    google::protobuf::RepeatedPtrField<envoy::config::route::v3::RouteAction::RequestMirrorPolicy>;
std::vector<config::MirrorPolicy> compile_mirrors(const MirrorPolicies& mirrors, RouteScope& scope,
                                                  FieldErrors& errors);
using ClusterNamer = std::function<config::ClusterRef(
    std::string_view field, const std::string& name, FieldErrors& errors)>;
std::vector<config::MirrorPolicy> compile_mirrors(const MirrorPolicies& mirrors,
                                                  const ClusterNamer& cluster, FieldErrors& errors);

using HashPolicies =
    google::protobuf::RepeatedPtrField<envoy::config::route::v3::RouteAction::HashPolicy>;
std::vector<config::HashPolicy> compile_hash_policies(const HashPolicies& policies,
                                                      FieldErrors& errors);

absl::StatusOr<config::InternalRedirectPolicy> compile_internal_redirect(
    const envoy::config::route::v3::InternalRedirectPolicy& policy);

// Anything with the four fields of header additions and removals: table, virtual host, route,
// weighted cluster.
template <class Level, class Out>
void compile_header_levels(const Level& level, Out& out, FieldErrors& errors) {
  out.request_headers = errors.take_nested(
      "",
      compile_header_mutations(level.request_headers_to_add(), level.request_headers_to_remove()));
  out.response_headers = errors.take_nested(
      "",
      compile_header_mutations(level.response_headers_to_add(), level.response_headers_to_remove(),
                               "response_headers_to_add", "response_headers_to_remove"));
}

// Whole milliseconds; a negative duration is an error.
config::Milliseconds compile_duration(std::string_view field,
                                      const google::protobuf::Duration& duration,
                                      FieldErrors& errors);

}  // namespace outrigger::xds
