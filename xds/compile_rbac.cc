#include "xds/compile_rbac.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_match_tree.h"
#include "xds/compile_rbac_rules.h"
#include "xds/field_errors.h"
#include "xds/unpack_any.h"

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

absl::StatusOr<uint32_t> add_outcome(const ::xds::core::v3::TypedExtensionConfig& action,
                                     rbac::PolicyTree& tree) {
  using ActionMessage = envoy::config::rbac::v3::Action;
  auto message = unpack_any(action.typed_config());
  if (!message.ok() || (*message)->GetDescriptor() != ActionMessage::descriptor()) {
    FieldErrors errors;
    errors.add("typed_config", fmt::format("the type '{}' is not envoy.config.rbac.v3.Action",
                                           action.typed_config().type_url()));
    return errors.status();
  }
  const auto& outcome = static_cast<const ActionMessage&>(**message);
  rbac::PolicyTree::Outcome out;
  out.policy.name = outcome.name();
  out.action = compile_action(outcome.action());
  tree.outcomes.push_back(std::move(out));
  return static_cast<uint32_t>(tree.outcomes.size() - 1);
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

absl::StatusOr<rbac::Policies> compile_rbac_matcher(
    const ::xds::type::matcher::v3::Matcher& matcher, RbacSubject subject) {
  auto out = std::make_shared<rbac::PolicyTree>();
  auto tree = compile_match_tree(
      matcher, subject == RbacSubject::request ? MatchSubject::request : MatchSubject::connection,
      [&out](const ::xds::core::v3::TypedExtensionConfig& action) {
        return add_outcome(action, *out);
      });
  if (!tree.ok()) return tree.status();
  out->tree = *std::move(tree);
  rbac::Policies policies;
  policies.tree = std::move(out);
  return policies;
}

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
