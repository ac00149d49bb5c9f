// CompileContext: what the compilation of a filter's configuration may use. Thread: main. Lifetime:
// the call.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/config/cluster_ref.h"
#include "api/config/header_mutation.h"
#include "api/config/route_match.h"
#include "api/stats.h"

namespace envoy::config::core::v3 {
class HeaderValueOption;
}
namespace envoy::config::route::v3 {
class HeaderMatcher;
}
namespace envoy::type::matcher::v3 {
class StringMatcher;
}
namespace envoy::config::core::v3 {
class RuntimeFractionalPercent;
}

namespace outrigger {

class CompileContext {
 public:
  virtual StatsRegistry& stats() = 0;
  virtual config::ClusterSlots& clusters() = 0;
  // "http.<stat_prefix>." of the connection manager; empty for route-level configuration.
  virtual const std::string& stat_prefix() const = 0;
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

 protected:
  ~CompileContext() = default;
};

}  // namespace outrigger
