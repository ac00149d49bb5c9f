// Compiles the generic matcher. Thread: main. Errors open with the path of the field inside the
// message: "matcher_list.matchers[1].predicate.single_predicate.input: ...". Semantics:
// xds.type.matcher.v3.Matcher.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "xds/core/v3/extension.pb.h"
#include "xds/type/matcher/v3/matcher.pb.h"

#include "api/config/match_tree.h"
#include "api/filter/compile_context.h"

namespace outrigger::xds {

// What is judged, which decides what a matcher may read of it.
enum class MatchSubject : uint8_t {
  route,     // a request that looks for its route: headers and filter state, as in Envoy
  request,   // also its query and its connection
  response,  // also what answered it
  connection
};

absl::StatusOr<config::MatchTree> compile_match_tree(
    const ::xds::type::matcher::v3::Matcher& matcher, MatchSubject subject,
    const CompileMatchAction& compile_action);

}  // namespace outrigger::xds
