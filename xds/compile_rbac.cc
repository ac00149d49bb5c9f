#include "xds/compile_rbac.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_rbac_rules.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using RbacMessage = envoy::config::rbac::v3::RBAC;
using PolicyMessage = envoy::config::rbac::v3::Policy;

rbac::Action compile_action(RbacMessage::Action action) {
  switch (action) {
    case RbacMessage::DENY:
      return rbac::Action::deny;
    case RbacMessage::LOG:
      return rbac::Action::log;
    default:
      return rbac::Action::allow;
  }
}

absl::StatusOr<rbac::Policy> compile_policy(const std::string& name, const PolicyMessage& message,
                                            RbacSubject subject) {
  FieldErrors errors;
  rbac::Policy out;
  out.name = name;
  for (int i = 0; i < message.permissions_size(); ++i) {
    out.permissions.push_back(errors.take_nested(
        indexed("permissions", i), compile_permission(message.permissions(i), subject)));
  }
  for (int i = 0; i < message.principals_size(); ++i) {
    out.principals.push_back(errors.take_nested(indexed("principals", i),
                                                compile_principal(message.principals(i), subject)));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<rbac::Policies> compile_rbac(const RbacMessage& message, RbacSubject subject) {
  FieldErrors errors;
  rbac::Policies out;
  out.action = compile_action(message.action());
  for (const auto& [name, policy] : message.policies()) {
    out.policies.push_back(errors.take_nested(fmt::format("policies[\"{}\"]", name),
                                              compile_policy(name, policy, subject)));
  }
  if (!errors.empty()) return errors.status();
  // Maps have no order of their own; the first that matches is the one that logs name.
  std::sort(out.policies.begin(), out.policies.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace outrigger::xds
