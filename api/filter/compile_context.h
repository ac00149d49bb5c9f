// CompileContext: what the compilation of a filter's configuration may use. Thread: main. Lifetime:
// the call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/config/access_log.h"
#include "api/config/cluster_ref.h"
#include "api/config/header_mutation.h"
#include "api/config/match_tree.h"
#include "api/config/metadata_matcher.h"
#include "api/config/rate_limit.h"
#include "api/config/route.h"
#include "api/config/route_match.h"
#include "api/filter/cluster_demand.h"
#include "api/grpc/client.h"
#include "api/rbac.h"
#include "api/stats.h"

namespace envoy::config::accesslog::v3 {
class AccessLog;
}
namespace envoy::config::common::mutation_rules::v3 {
class HeaderMutation;
}
namespace envoy::config::core::v3 {
class ConfigSource;
class DataSource;
class GrpcService;
class HeaderValueOption;
class RuntimeFractionalPercent;
class SubstitutionFormatString;
}  // namespace envoy::config::core::v3
namespace envoy::config::rbac::v3 {
class RBAC;
}
namespace envoy::config::route::v3 {
class HeaderMatcher;
class RateLimit;
class RedirectAction;
class RouteMatch;
}  // namespace envoy::config::route::v3
namespace envoy::extensions::filters::http::router::v3 {
class Router;
}
namespace envoy::extensions::common::dynamic_forward_proxy::v3 {
class DnsCacheConfig;
}
namespace envoy::type::matcher::v3 {
class MetadataMatcher;
class StringMatcher;
}  // namespace envoy::type::matcher::v3

namespace xds::core::v3 {
class TypedExtensionConfig;
}
namespace xds::type::matcher::v3 {
class Matcher;
}

namespace outrigger::config {
struct NodeIdentity;
struct UpstreamFilters;
}  // namespace outrigger::config

namespace outrigger {

class DnsCache;

// What a policy may ask about.
enum class RbacSubject : uint8_t {
  connection,
  request
};

// Gives an action of a generic matcher its number.
using CompileMatchAction =
    std::function<absl::StatusOr<uint32_t>(const ::xds::core::v3::TypedExtensionConfig& action)>;

class CompileContext {
 public:
  virtual StatsRegistry& stats() = 0;
  virtual config::ClusterSlots& clusters() = 0;
  // "http.<stat_prefix>." of the connection manager; empty for route-level configuration.
  virtual const std::string& stat_prefix() const = 0;
  // Who this proxy is.
  virtual const config::NodeIdentity& node() const = 0;
  // The parts that many filters share, compiled as routes compile them.
  virtual absl::StatusOr<config::StringMatcher> compile(
      const envoy::type::matcher::v3::StringMatcher& matcher) = 0;
  virtual absl::StatusOr<config::HeaderMatch> compile(
      const envoy::config::route::v3::HeaderMatcher& matcher) = 0;
  virtual absl::StatusOr<config::HeaderAddition> compile(
      const envoy::config::core::v3::HeaderValueOption& option) = 0;
  virtual config::RuntimeFraction compile(
      const envoy::config::core::v3::RuntimeFractionalPercent& fraction) = 0;
  virtual absl::StatusOr<config::SubstitutionFormat> compile_format(std::string_view format) = 0;
  virtual absl::StatusOr<config::LogFormat> compile(
      const envoy::config::core::v3::SubstitutionFormatString& format) = 0;
  virtual absl::StatusOr<config::AccessLog> compile(
      const envoy::config::accesslog::v3::AccessLog& log) = 0;
  virtual absl::StatusOr<rbac::Policies> compile(const envoy::config::rbac::v3::RBAC& policies,
                                                 RbacSubject subject) = 0;
  // A generic matcher in the place of policies.
  virtual absl::StatusOr<rbac::Policies> compile(const ::xds::type::matcher::v3::Matcher& matcher,
                                                 RbacSubject subject) = 0;
  // A generic matcher over responses and their requests.
  virtual absl::StatusOr<config::MatchTree> compile(
      const ::xds::type::matcher::v3::Matcher& matcher, const CompileMatchAction& action) = 0;
  virtual absl::StatusOr<config::RedirectAction> compile(
      const envoy::config::route::v3::RedirectAction& action) = 0;
  virtual absl::StatusOr<config::HeaderStep> compile(
      const envoy::config::common::mutation_rules::v3::HeaderMutation& mutation) = 0;
  // The filters of a router's attempts; nullptr: it has none.
  virtual absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_upstream_filters(
      const envoy::extensions::filters::http::router::v3::Router& router) = 0;
  virtual absl::StatusOr<config::RouteMatch> compile(
      const envoy::config::route::v3::RouteMatch& match) = 0;
  virtual absl::StatusOr<config::RateLimit> compile(
      const envoy::config::route::v3::RateLimit& limit) = 0;
  virtual absl::StatusOr<config::MetadataMatcher> compile(
      const envoy::type::matcher::v3::MetadataMatcher& matcher) = 0;
  // Who serves a gRPC call.
  virtual absl::StatusOr<config::GrpcService> compile(
      const envoy::config::core::v3::GrpcService& service) = 0;
  // The content of a file, of a variable of the environment, or as it is written.
  virtual absl::StatusOr<std::string> read(const envoy::config::core::v3::DataSource& source) = 0;
  // Who asks for clusters that only requests name; `locator`: an xdstp:// one, or empty.
  virtual absl::StatusOr<std::shared_ptr<const ClusterDemand>> cluster_demand(
      const envoy::config::core::v3::ConfigSource& source, const std::string& locator) = 0;
  // The cache of that name; nullptr: nobody asks DNS here.
  virtual absl::StatusOr<std::shared_ptr<DnsCache>> dns_cache(
      const envoy::extensions::common::dynamic_forward_proxy::v3::DnsCacheConfig& config) = 0;
  // What filters of the same key share, made for the first of them; gone with the last.
  virtual std::shared_ptr<void> share(const std::string& key,
                                      const std::function<std::shared_ptr<void>()>& make) = 0;

 protected:
  ~CompileContext() = default;
};

}  // namespace outrigger
