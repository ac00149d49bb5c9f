// Compiles the criteria of a listener's filter chains, and finds those that would take the same
// connections. Thread: main. Errors open with the field's path. Semantics:
// envoy.config.listener.v3.FilterChainMatch.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"

#include "envoy/config/listener/v3/listener_components.pb.h"

#include "api/config/filter_chain_match.h"

namespace outrigger::xds {

absl::StatusOr<config::FilterChainMatch> compile_filter_chain_match(
    const envoy::config::listener::v3::FilterChainMatch& match);

// The criteria of the chains of one listener, so far.
class TakenMatches {
 public:
  // An error if a chain before has the same criteria, or some of the same.
  absl::Status add(const std::string& chain,
                   const envoy::config::listener::v3::FilterChainMatch& message,
                   const config::FilterChainMatch& match);

 private:
  std::map<std::string, std::string> chains_;  // by the whole message: the chain's name
  std::set<std::string> combinations_;         // one value of each criterion
};

}  // namespace outrigger::xds
