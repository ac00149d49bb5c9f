// The permissions and principals of a policy, for compile_rbac.cc. Thread: main.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/rbac/v3/rbac.pb.h"

#include "api/filter/compile_context.h"
#include "api/rbac.h"

namespace outrigger::xds {

absl::StatusOr<rbac::Rule> compile_permission(const envoy::config::rbac::v3::Permission& message,
                                              RbacSubject subject);
absl::StatusOr<rbac::Rule> compile_principal(const envoy::config::rbac::v3::Principal& message,
                                             RbacSubject subject);

}  // namespace outrigger::xds
