#include "xds/check.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "google/protobuf/any.pb.h"

#include "xds/field_rules.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool is_any(const Descriptor& type) {
  return type.well_known_type() == Descriptor::WELLKNOWNTYPE_ANY;
}

// Types without rules and table entries of their own: durations, wrappers, Struct.
bool is_opaque(const Descriptor& type) {
  return type.well_known_type() != Descriptor::WELLKNOWNTYPE_UNSPECIFIED && !is_any(type);
}

}  // namespace

void MessageChecker::problem(const Path& path, std::string_view text) {
  if (problems_.full()) return problems_.add({});
  std::string where = path.text();
  problems_.add_at(where, sources_.describe(where, text));
}

void MessageChecker::check(const Message& message, const Path& path) {
  const MessagePlan& plan = schema_.plan(*message.GetDescriptor());
  const auto& reflection = *message.GetReflection();
  auto report = [this](const Path& where, const std::string& text) { problem(where, text); };
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* set_field : set) {
    const FieldPlan& field_plan = plan.fields[static_cast<size_t>(set_field->index())];
    Path field_path = Path::field(path, set_field->name());
    if (!supported(field_plan, field_path)) continue;
    if (field_plan.rules != nullptr && !plan.rules_disabled) {
      check_field_rules(message, *set_field, *field_plan.rules, schema_, field_path, report);
    }
    if (set_field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      field(message, field_plan, field_path);
  }
  if (plan.rules_disabled) return;
  for (const FieldPlan* absent : plan.check_unset) {
    if (std::find(set.begin(), set.end(), absent->field) != set.end()) continue;
    check_field_rules(message, *absent->field, *absent->rules, schema_,
                      Path::field(path, absent->field->name()), report);
  }
  for (const auto* oneof : plan.required_oneofs) {
    if (!reflection.HasOneof(message, oneof))
      problem(path, fmt::format("one of the fields of '{}' must be set", oneof->name()));
  }
}

bool MessageChecker::supported(const FieldPlan& plan, const Path& path) {
  if (in_harmless_ || plan.support == Support::works) return true;
  if (plan.support == Support::unsupported) {
    problem(path, "is not supported by Outrigger");
    return false;
  }
  // Once for each field of a type, not for each of ten thousand clusters.
  if (warned_.insert(plan.field).second) {
    const HarmlessField* harmless =
        find_harmless(plan.field->containing_type()->full_name(), plan.field->name());
    warnings_.push_back(
        sources_.describe(path.text(), fmt::format("has no effect: {}", harmless->note)));
  }
  return true;
}

void MessageChecker::field(const Message& message, const FieldPlan& plan, const Path& path) {
  const FieldDescriptor& field = *plan.field;
  const auto& reflection = *message.GetReflection();
  if (plan.rules != nullptr && plan.rules->message().skip()) return;
  bool outer = std::exchange(in_harmless_, in_harmless_ || plan.support == Support::harmless);
  auto visit = [this](const Message& value, const Path& where) {
    if (is_any(*value.GetDescriptor())) {
      any(static_cast<const google::protobuf::Any&>(value), where);
    } else if (!is_opaque(*value.GetDescriptor())) {
      check(value, where);
    }
  };
  if (!field.is_repeated()) {
    visit(reflection.GetMessage(message, &field), path);
  } else {
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& item = reflection.GetRepeatedMessage(message, &field, i);
      if (!field.is_map()) {
        visit(item, Path::element(path, i));
        continue;
      }
      const FieldDescriptor& key = *field.message_type()->map_key();
      const FieldDescriptor& value = *field.message_type()->map_value();
      if (value.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) break;
      std::string name = key.cpp_type() == FieldDescriptor::CPPTYPE_STRING
                             ? item.GetReflection()->GetString(item, &key)
                             : "";
      visit(item.GetReflection()->GetMessage(item, &value), Path::key(path, name));
    }
  }
  in_harmless_ = outer;
}

void MessageChecker::any(const google::protobuf::Any& packed, const Path& path) {
  if (packed.type_url().empty()) return;
  std::string name = packed_type(packed);
  const NoEffect* no_effect = find_no_effect(name);
  if (no_effect != nullptr && !in_harmless_) warn_without_effect(*no_effect, path);
  bool outer = std::exchange(in_harmless_, in_harmless_ || no_effect != nullptr);
  // Ten thousand clusters have the same few.
  bool seen = is_typed_struct(packed.type_url()) && schema_.was_checked(packed.value());
  auto message = seen ? nullptr : unpack(packed, name, path);
  size_t problems = problems_.total();
  if (message != nullptr) check(*message, path);
  if (message != nullptr && problems == problems_.total() && is_typed_struct(packed.type_url()))
    schema_.set_checked(packed.value());
  in_harmless_ = outer;
}

std::unique_ptr<Message> MessageChecker::unpack(const google::protobuf::Any& packed,
                                                std::string_view type, const Path& path) {
  std::string url = is_typed_struct(packed.type_url()) ? fmt::format("type.googleapis.com/{}", type)
                                                       : packed.type_url();
  const Descriptor* known = schema_.type_of_url(url);
  if (known == nullptr && in_harmless_) return nullptr;
  if (known != nullptr && is_opaque(*known)) return nullptr;
  if (known == nullptr || (!in_harmless_ && !has_fields_entry(type))) {
    problem(path, fmt::format("the type '{}' is not supported by Outrigger", url));
    return nullptr;
  }
  auto message = unpack_any(packed);
  if (message.ok()) return *std::move(message);
  problem(path, std::string(message.status().message()));
  return nullptr;
}

void MessageChecker::warn_without_effect(const NoEffect& entry, const Path& path) {
  if (!warned_whole_.insert(&entry).second) return;
  warnings_.push_back(sources_.describe(path.text(), fmt::format("has no effect: {}", entry.note)));
}

}  // namespace outrigger::xds
