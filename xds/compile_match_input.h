// Compiles what a generic matcher reads, and the matchers of a value that are extensions. Thread:
// main. Errors open with the path of the field inside the message. Semantics:
// envoy.type.matcher.v3 (HTTP inputs), envoy.extensions.matching.
#pragma once

#include "absl/status/statusor.h"

#include "xds/core/v3/extension.pb.h"

#include "api/config/match_tree.h"
#include "xds/compile_match_tree.h"

namespace outrigger::xds {

absl::StatusOr<config::MatchInput> compile_match_input(
    const ::xds::core::v3::TypedExtensionConfig& input, MatchSubject subject);

// Ranges of addresses or a fraction of hashes; its input is the caller's.
absl::StatusOr<config::MatchPredicate> compile_input_matcher(
    const ::xds::core::v3::TypedExtensionConfig& matcher, MatchSubject subject);

}  // namespace outrigger::xds
