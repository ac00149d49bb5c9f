#include "tools/ctl/fractions.h"

namespace outrigger::ctl {
namespace {

uint64_t denominator(const LoadedRoutes::Share& share) {
  switch (share.denominator()) {
    case LoadedRoutes::Share::TEN_THOUSAND:
      return 10'000;
    case LoadedRoutes::Share::MILLION:
      return 1'000'000;
    default:
      return 100;
  }
}

// By the denominator as written: of 1 in 100, the number 50 is not chosen, though 1 in 100 is
// 10,000 in a million.
bool in_share(const LoadedRoutes& routes, const config::RuntimeFraction& fraction,
              uint64_t random) {
  const LoadedRoutes::Share* share = routes.share_of(fraction);
  if (share == nullptr) return route::chosen_by_default(fraction, random);
  return random % denominator(*share) < share->numerator();
}

}  // namespace

bool TestFractions::chosen(const config::RuntimeFraction& fraction, uint64_t random) const {
  return !runtime_key_.empty() && fraction.runtime_key == runtime_key_ &&
         in_share(routes_, fraction, random);
}

bool ConfiguredFractions::chosen(const config::RuntimeFraction& fraction, uint64_t random) const {
  return in_share(routes_, fraction, random);
}

}  // namespace outrigger::ctl
