// FilterCompileContext: the CompileContext that filters see. Thread: main. Lifetime: one listener's
// compilation.
#pragma once

#include <string>
#include <utility>

#include "api/filter/compile_context.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

class FilterCompileContext final : public CompileContext {
 public:
  // `stat_prefix`: "http.<stat_prefix>."
  FilterCompileContext(CompileEnvironment& environment, std::string stat_prefix)
      : environment_(environment), stat_prefix_(std::move(stat_prefix)) {}

  StatsRegistry& stats() override { return environment_.stats; }
  config::ClusterSlots& clusters() override { return environment_.clusters; }
  const std::string& stat_prefix() const override { return stat_prefix_; }
  const config::NodeIdentity& node() const override { return environment_.node; }
  absl::StatusOr<config::StringMatcher> compile(
      const envoy::type::matcher::v3::StringMatcher& matcher) override;
  absl::StatusOr<config::HeaderMatch> compile(
      const envoy::config::route::v3::HeaderMatcher& matcher) override;
  absl::StatusOr<config::HeaderAddition> compile(
      const envoy::config::core::v3::HeaderValueOption& option) override;
  config::RuntimeFraction compile(
      const envoy::config::core::v3::RuntimeFractionalPercent& fraction) override;
  absl::StatusOr<config::SubstitutionFormat> compile_format(std::string_view format) override;
  absl::StatusOr<config::LogFormat> compile(
      const envoy::config::core::v3::SubstitutionFormatString& format) override;
  absl::StatusOr<config::AccessLog> compile(
      const envoy::config::accesslog::v3::AccessLog& log) override;
  absl::StatusOr<rbac::Policies> compile(const envoy::config::rbac::v3::RBAC& policies,
                                         RbacSubject subject) override;
  absl::StatusOr<rbac::Policies> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                         RbacSubject subject) override;
  absl::StatusOr<config::MatchTree> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                            const CompileMatchAction& action) override;
  absl::StatusOr<config::RedirectAction> compile(
      const envoy::config::route::v3::RedirectAction& action) override;
  absl::StatusOr<config::HeaderStep> compile(
      const envoy::config::common::mutation_rules::v3::HeaderMutation& mutation) override;
  absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_upstream_filters(
      const envoy::extensions::filters::http::router::v3::Router& router) override;
  absl::StatusOr<config::RouteMatch> compile(
      const envoy::config::route::v3::RouteMatch& match) override;
  absl::StatusOr<config::RateLimit> compile(
      const envoy::config::route::v3::RateLimit& limit) override;
  absl::StatusOr<config::MetadataMatcher> compile(
      const envoy::type::matcher::v3::MetadataMatcher& matcher) override;
  absl::StatusOr<config::GrpcService> compile(
      const envoy::config::core::v3::GrpcService& service) override;
  absl::StatusOr<std::string> read(const envoy::config::core::v3::DataSource& source) override;
  absl::StatusOr<std::shared_ptr<const ClusterDemand>> cluster_demand(
      const envoy::config::core::v3::ConfigSource& source, const std::string& locator) override;
  absl::StatusOr<std::shared_ptr<DnsCache>> dns_cache(
      const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig& config) override;
  std::shared_ptr<void> share(const std::string& key,
                              const std::function<std::shared_ptr<void>()>& make) override {
    return environment_.share(key, make);
  }

 private:
  CompileEnvironment& environment_;
  std::string stat_prefix_;
};

}  // namespace outrigger::xds
