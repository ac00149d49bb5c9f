#include "xds/filter_compile_context.h"

#include "envoy/extensions/filters/http/router/v3/router.pb.h"

#include "xds/compile_access_log.h"
#include "xds/compile_attempt_filters.h"
#include "xds/compile_dns_cache.h"
#include "xds/compile_grpc_service.h"
#include "xds/compile_header_mutation.h"
#include "xds/compile_match_tree.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_rate_limit.h"
#include "xds/compile_rbac.h"
#include "xds/compile_route_parts.h"
#include "xds/compile_substitution.h"
#include "xds/compile_values.h"
#include "xds/dynamic_sources.h"

namespace outrigger::xds {

absl::StatusOr<config::StringMatcher> FilterCompileContext::compile(
    const envoy::type::matcher::v3::StringMatcher& matcher) {
  return compile_string_matcher(matcher);
}

absl::StatusOr<config::HeaderMatch> FilterCompileContext::compile(
    const envoy::config::route::v3::HeaderMatcher& matcher) {
  return compile_header_match(matcher);
}

absl::StatusOr<config::HeaderAddition> FilterCompileContext::compile(
    const envoy::config::core::v3::HeaderValueOption& option) {
  return compile_header_addition(option);
}

config::RuntimeFraction FilterCompileContext::compile(
    const envoy::config::core::v3::RuntimeFractionalPercent& fraction) {
  return compile_runtime_fraction(fraction);
}

absl::StatusOr<config::SubstitutionFormat> FilterCompileContext::compile_format(
    std::string_view format) {
  return compile_substitution(format);
}

absl::StatusOr<config::LogFormat> FilterCompileContext::compile(
    const envoy::config::core::v3::SubstitutionFormatString& format) {
  return compile_log_format(format);
}

absl::StatusOr<config::AccessLog> FilterCompileContext::compile(
    const envoy::config::accesslog::v3::AccessLog& log) {
  return compile_access_log(log);
}

absl::StatusOr<rbac::Policies> FilterCompileContext::compile(
    const envoy::config::rbac::v3::RBAC& policies, RbacSubject subject) {
  return compile_rbac(policies, subject);
}

absl::StatusOr<rbac::Policies> FilterCompileContext::compile(
    const ::xds::type::matcher::v3::Matcher& matcher, RbacSubject subject) {
  return compile_rbac_matcher(matcher, subject);
}

absl::StatusOr<config::MatchTree> FilterCompileContext::compile(
    const ::xds::type::matcher::v3::Matcher& matcher, const CompileMatchAction& action) {
  return compile_match_tree(matcher, MatchSubject::response, action);
}

absl::StatusOr<config::RedirectAction> FilterCompileContext::compile(
    const envoy::config::route::v3::RedirectAction& action) {
  return compile_redirect(action);
}

absl::StatusOr<config::HeaderStep> FilterCompileContext::compile(
    const envoy::config::common::mutation_rules::v3::HeaderMutation& mutation) {
  return compile_header_step(mutation);
}

absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>>
FilterCompileContext::compile_upstream_filters(
    const envoy::extensions::filters::http::router::v3::Router& router) {
  return xds::compile_attempt_filters(router.upstream_http_filters(), "upstream_http_filters",
                                      *this);
}

absl::StatusOr<config::RouteMatch> FilterCompileContext::compile(
    const envoy::config::route::v3::RouteMatch& match) {
  return compile_route_match(match);
}

absl::StatusOr<config::RateLimit> FilterCompileContext::compile(
    const envoy::config::route::v3::RateLimit& limit) {
  return compile_rate_limit(limit);
}

absl::StatusOr<config::MetadataMatcher> FilterCompileContext::compile(
    const envoy::type::matcher::v3::MetadataMatcher& matcher) {
  return compile_metadata_matcher(matcher);
}

absl::StatusOr<config::GrpcService> FilterCompileContext::compile(
    const envoy::config::core::v3::GrpcService& service) {
  return compile_grpc_service(service, environment_);
}

absl::StatusOr<std::shared_ptr<const ClusterDemand>> FilterCompileContext::cluster_demand(
    const envoy::config::core::v3::ConfigSource& source, const std::string& locator) {
  if (environment_.dynamic == nullptr)
    return absl::InvalidArgumentError("there is no management server here");
  return environment_.dynamic->cluster_demand(source, locator);
}

absl::StatusOr<std::shared_ptr<DnsCache>> FilterCompileContext::dns_cache(
    const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig& config) {
  return compile_dns_cache(config, environment_);
}

absl::StatusOr<std::string> FilterCompileContext::read(
    const envoy::config::core::v3::DataSource& source) {
  return read_data_source(source);
}

}  // namespace outrigger::xds
