// Which fractions choose a request of a test or of an explanation. Thread: main.
// Lifetime: one request; borrows the routes.
#pragma once

#include <string>
#include <utility>

#include "proxy/route/match.h"
#include "tools/ctl/route_source.h"

namespace outrigger::ctl {

// As in Envoy's tool: a fraction chooses nothing but under the runtime key that the test names.
class TestFractions final : public route::FractionSource {
 public:
  TestFractions(const LoadedRoutes& routes, std::string runtime_key)
      : routes_(routes), runtime_key_(std::move(runtime_key)) {}
  bool chosen(const config::RuntimeFraction& fraction, uint64_t random) const override;

 private:
  const LoadedRoutes& routes_;
  std::string runtime_key_;
};

// As in a proxy of which no runtime layer says anything: the configured share.
class ConfiguredFractions final : public route::FractionSource {
 public:
  explicit ConfiguredFractions(const LoadedRoutes& routes) : routes_(routes) {}
  bool chosen(const config::RuntimeFraction& fraction, uint64_t random) const override;

 private:
  const LoadedRoutes& routes_;
};

}  // namespace outrigger::ctl
