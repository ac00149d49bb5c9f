// Compiles role-based access control. Thread: main. Errors open with the path of the field inside
// the message: "policies[\"admin\"].principals[0].header: ...". Semantics: envoy.config.rbac.v3.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/rbac/v3/rbac.pb.h"
#include "xds/type/matcher/v3/matcher.pb.h"

#include "api/filter/compile_context.h"
#include "api/rbac.h"

namespace outrigger::xds {

// Rules about a request are errors where only a connection is judged.
absl::StatusOr<rbac::Policies> compile_rbac(const envoy::config::rbac::v3::RBAC& message,
                                            RbacSubject subject);

// A generic matcher whose actions are envoy.config.rbac.v3.Action.
absl::StatusOr<rbac::Policies> compile_rbac_matcher(
    const ::xds::type::matcher::v3::Matcher& matcher, RbacSubject subject);

}  // namespace outrigger::xds
