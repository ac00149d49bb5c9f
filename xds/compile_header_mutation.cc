#include "xds/compile_header_mutation.h"

#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "xds/compile_matcher.h"
#include "xds/compile_substitution.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Action = config::HeaderAddition::Action;
using envoy::config::common::mutation_rules::v3::HeaderMutation;
using envoy::config::core::v3::HeaderValueOption;

// :path and :authority have rewrites of their own, and a request without its pseudo-headers is
// none.
bool is_fixed(std::string_view lower_name) {
  return lower_name.starts_with(':') || lower_name == "host";
}

Action compile_action(const HeaderValueOption& option, FieldErrors& errors) {
  if (option.has_append()) {
    if (option.append_action() != HeaderValueOption::APPEND_IF_EXISTS_OR_ADD) {
      errors.add("append", "cannot be set together with append_action");
    }
    return option.append().value() ? Action::append_if_exists_or_add
                                   : Action::overwrite_if_exists_or_add;
  }
  switch (option.append_action()) {
    case HeaderValueOption::ADD_IF_ABSENT:
      return Action::add_if_absent;
    case HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD:
      return Action::overwrite_if_exists_or_add;
    case HeaderValueOption::OVERWRITE_IF_EXISTS:
      return Action::overwrite_if_exists;
    default:
      return Action::append_if_exists_or_add;
  }
}

}  // namespace

absl::StatusOr<config::HeaderAddition> compile_header_addition(const HeaderValueOption& option) {
  FieldErrors errors;
  config::HeaderAddition out;
  out.name = absl::AsciiStrToLower(option.header().key());
  if (is_fixed(out.name)) {
    errors.add("header.key",
               fmt::format("'{}': :-prefixed or host headers may not be modified", out.name));
  }
  const std::string& raw = option.header().raw_value();
  if (raw.empty()) {
    out.value = errors.take("header.value", compile_substitution(option.header().value()));
  } else if (!option.header().value().empty()) {
    errors.add("header.raw_value", "cannot be set together with value");
  } else {
    out.value = errors.take("header.raw_value", compile_substitution(raw));
  }
  out.action = compile_action(option, errors);
  out.keep_empty_value = option.keep_empty_value();
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::HeaderStep> compile_header_step(const HeaderMutation& mutation) {
  FieldErrors errors;
  config::HeaderStep out;
  switch (mutation.action_case()) {
    case HeaderMutation::kAppend:
      out = errors.take_nested("append", compile_header_addition(mutation.append()));
      break;
    case HeaderMutation::kRemove: {
      std::string name = absl::AsciiStrToLower(mutation.remove());
      if (is_fixed(name))
        errors.add("remove", fmt::format("'{}' is part of the request line", name));
      out = config::HeaderRemoval{std::move(name)};
      break;
    }
    case HeaderMutation::kRemoveOnMatch:
      out = config::HeaderRemovalByMatch{
          errors.take_nested("remove_on_match.key_matcher",
                             compile_string_matcher(mutation.remove_on_match().key_matcher()))};
      break;
    default:
      errors.add("action", "one of append, remove and remove_on_match is needed");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::HeaderMutations> compile_header_mutations(
    const google::protobuf::RepeatedPtrField<HeaderValueOption>& adds,
    const google::protobuf::RepeatedPtrField<std::string>& removes, std::string_view adds_field,
    std::string_view removes_field) {
  FieldErrors errors;
  config::HeaderMutations out;
  for (int i = 0; i < adds.size(); ++i) {
    out.add.push_back(
        errors.take_nested(indexed(adds_field, i), compile_header_addition(adds.Get(i))));
  }
  for (int i = 0; i < removes.size(); ++i) {
    std::string name = absl::AsciiStrToLower(removes.Get(i));
    if (is_fixed(name)) {
      errors.add(indexed(removes_field, i),
                 fmt::format("'{}': :-prefixed or host headers may not be removed", name));
    }
    out.remove.push_back(std::move(name));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
