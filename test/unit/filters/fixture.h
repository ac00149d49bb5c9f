// FilterTest: compiles filters from protobuf text through the registry, as a bootstrap would, and
// keeps what they need alive.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/text_format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/extensions/filters/http/router/v3/router.pb.h"

#include "api/config/bootstrap.h"
#include "api/filter/compile_context.h"
#include "filters/registry.h"
#include "test/unit/filters/fake_context.h"
#include "xds/compile_access_log.h"
#include "xds/compile_attempt_filters.h"
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

namespace outrigger::filters::test {

class FakeRegistry final : public StatsRegistry {
 public:
  using StatsRegistry::scope;
  StatsScopePtr scope(std::string prefix, std::string extracted_prefix, std::vector<StatTag> tags,
                      const StatsLayout& layout) override {
    StatsScopePtr& scope = scopes[prefix];
    if (scope == nullptr) {
      scope = std::make_shared<StatsScope>(prefix, extracted_prefix, std::move(tags), layout);
    }
    return scope;
  }
  std::map<std::string, StatsScopePtr, std::less<>> scopes;
};

// The value of a counter or gauge by its full name; 0 if nobody made it.
inline int64_t stat(const FakeRegistry& registry, std::string_view name) {
  size_t dot = name.rfind('.') + 1;
  auto found = registry.scopes.find(name.substr(0, dot));
  if (found == registry.scopes.end()) return 0;
  int64_t sum = 0;
  for (const StatField& field : found->second->layout().fields) {
    if (field.name != name.substr(dot)) continue;
    found->second->for_each_shard([&](const void* shard) {
      const auto* at = static_cast<const char*>(shard) + field.offset;
      sum += field.kind == StatKind::gauge
                 ? reinterpret_cast<const Gauge*>(at)->value()
                 : static_cast<int64_t>(reinterpret_cast<const Counter*>(at)->value());
    });
  }
  return sum;
}

class FakeCompileContext final : public CompileContext {
 public:
  StatsRegistry& stats() override { return registry; }
  config::ClusterSlots& clusters() override { return slots; }
  const std::string& stat_prefix() const override { return prefix; }
  const config::NodeIdentity& node() const override { return node_identity; }
  absl::StatusOr<config::StringMatcher> compile(
      const envoy::type::matcher::v3::StringMatcher& matcher) override {
    return xds::compile_string_matcher(matcher);
  }
  absl::StatusOr<config::HeaderMatch> compile(
      const envoy::config::route::v3::HeaderMatcher& matcher) override {
    return xds::compile_header_match(matcher);
  }
  absl::StatusOr<config::HeaderAddition> compile(
      const envoy::config::core::v3::HeaderValueOption& option) override {
    return xds::compile_header_addition(option);
  }
  config::RuntimeFraction compile(
      const envoy::config::core::v3::RuntimeFractionalPercent& fraction) override {
    return xds::compile_runtime_fraction(fraction);
  }
  absl::StatusOr<config::SubstitutionFormat> compile_format(std::string_view format) override {
    return xds::compile_substitution(format);
  }
  absl::StatusOr<config::LogFormat> compile(
      const envoy::config::core::v3::SubstitutionFormatString& format) override {
    return xds::compile_log_format(format);
  }
  absl::StatusOr<config::AccessLog> compile(
      const envoy::config::accesslog::v3::AccessLog& log) override {
    return xds::compile_access_log(log);
  }
  absl::StatusOr<rbac::Policies> compile(const envoy::config::rbac::v3::RBAC& policies,
                                         RbacSubject subject) override {
    return xds::compile_rbac(policies, subject);
  }
  absl::StatusOr<rbac::Policies> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                         RbacSubject subject) override {
    return xds::compile_rbac_matcher(matcher, subject);
  }
  absl::StatusOr<config::MatchTree> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                            const CompileMatchAction& action) override {
    return xds::compile_match_tree(matcher, xds::MatchSubject::response, action);
  }
  absl::StatusOr<config::RedirectAction> compile(
      const envoy::config::route::v3::RedirectAction& action) override {
    return xds::compile_redirect(action);
  }
  absl::StatusOr<config::HeaderStep> compile(
      const envoy::config::common::mutation_rules::v3::HeaderMutation& mutation) override {
    return xds::compile_header_step(mutation);
  }
  absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_upstream_filters(
      const envoy::extensions::filters::http::router::v3::Router& router) override {
    return xds::compile_attempt_filters(router.upstream_http_filters(), "upstream_http_filters",
                                        *this);
  }
  absl::StatusOr<config::RouteMatch> compile(
      const envoy::config::route::v3::RouteMatch& match) override {
    return xds::compile_route_match(match);
  }
  absl::StatusOr<config::RateLimit> compile(
      const envoy::config::route::v3::RateLimit& limit) override {
    return xds::compile_rate_limit(limit);
  }
  absl::StatusOr<config::MetadataMatcher> compile(
      const envoy::type::matcher::v3::MetadataMatcher& matcher) override {
    return xds::compile_metadata_matcher(matcher);
  }
  absl::StatusOr<config::GrpcService> compile(
      const envoy::config::core::v3::GrpcService& service) override {
    xds::CompileEnvironment environment{registry, slots};
    return xds::compile_grpc_service(service, environment);
  }
  absl::StatusOr<std::string> read(const envoy::config::core::v3::DataSource& source) override {
    return xds::read_data_source(source);
  }
  absl::StatusOr<std::shared_ptr<const ClusterDemand>> cluster_demand(
      const envoy::config::core::v3::ConfigSource&, const std::string&) override {
    if (demand == nullptr) return absl::InvalidArgumentError("source: no such source");
    return demand;
  }
  absl::StatusOr<std::shared_ptr<DnsCache>> dns_cache(
      const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig&) override {
    return hosts;
  }
  std::shared_ptr<void> share(const std::string& key,
                              const std::function<std::shared_ptr<void>()>& make) override {
    std::shared_ptr<void>& place = shared[key];
    if (place == nullptr) place = make();
    return place;
  }

  std::shared_ptr<const ClusterDemand> demand;  // of every source; nullptr: they are refused
  std::shared_ptr<DnsCache> hosts;              // of every name
  std::map<std::string, std::shared_ptr<void>> shared;
  FakeRegistry registry;
  config::ClusterSlots slots;
  std::string prefix = "http.ingress.";
  config::NodeIdentity node_identity;
};

class FilterTest : public testing::Test {
 protected:
  template <class Proto>
  static Proto parse(const std::string& text) {
    Proto proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
    return proto;
  }
  template <class Proto>
  absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> try_compile(const std::string& text) {
    auto* entry = find_http_filter(Proto::descriptor()->full_name());
    return entry->compile(parse<Proto>(text), compile_context);
  }
  // The filter, ready for the stream `context`.
  template <class Proto>
  HttpFilter& make(const std::string& text) {
    auto factory = try_compile<Proto>(text);
    EXPECT_TRUE(factory.ok()) << factory.status();
    return make(*factory);
  }
  HttpFilter& make(const std::shared_ptr<const HttpFilterFactory>& factory) {
    factories_.push_back(factory);
    filters_.push_back(factory->create(context.arena()));
    return *filters_.back();
  }
  template <class Proto>
  const FilterRouteConfig* route_config(const std::string& text) {
    auto* entry = find_http_filter_of_route_config(Proto::descriptor()->full_name());
    auto compiled = entry->compile_route(parse<Proto>(text), compile_context);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    routes_.push_back(*compiled);
    return routes_.back().get();
  }
  // The value of a counter or gauge by its full name; 0 if nobody made it.
  int64_t stat(std::string_view name) const {
    return outrigger::filters::test::stat(compile_context.registry, name);
  }

  FakeCompileContext compile_context;
  FakeContext context;

 private:
  std::vector<std::shared_ptr<const HttpFilterFactory>> factories_;
  std::vector<std::shared_ptr<const FilterRouteConfig>> routes_;
  std::vector<ArenaPtr<HttpFilter>> filters_;
};

using Kind = Verdict::Kind;

}  // namespace outrigger::filters::test
