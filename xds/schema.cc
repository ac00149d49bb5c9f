#include "xds/schema.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Whether a rule of this field has something to say of a field that is absent. Presence decides: a
// plain number is 0, not absent.
bool checked_when_unset(const FieldDescriptor& field, const validate::FieldRules& rules) {
  // A member of a oneof that is not set is not asked: another may be.
  if (field.real_containing_oneof() != nullptr) return false;
  if (rules.message().required()) return true;
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated()) {
    return rules.any().required() || rules.duration().required() || rules.timestamp().required();
  }
  return !field.has_presence();
}

FieldPlan plan_field(const FieldDescriptor& field) {
  FieldPlan plan;
  plan.field = &field;
  plan.support = support_of(field.containing_type()->full_name(), field.name());
  if (field.options().HasExtension(validate::rules)) {
    plan.rules = &field.options().GetExtension(validate::rules);
    plan.check_unset = checked_when_unset(field, *plan.rules);
  }
  return plan;
}

std::unique_ptr<MessagePlan> make_plan(const Descriptor& type) {
  auto plan = std::make_unique<MessagePlan>();
  plan->type = &type;
  plan->rules_disabled = type.options().GetExtension(validate::disabled) ||
                         type.options().GetExtension(validate::ignored);
  plan->fields.reserve(static_cast<size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) plan->fields.push_back(plan_field(*type.field(i)));
  for (const FieldPlan& field : plan->fields) {
    plan->names.emplace(field.field->name(), &field);
    plan->names.emplace(field.field->json_name(), &field);
    if (field.check_unset) plan->check_unset.push_back(&field);
  }
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const auto* oneof = type.oneof_decl(i);
    if (oneof->options().GetExtension(validate::required)) plan->required_oneofs.push_back(oneof);
  }
  return plan;
}

}  // namespace

const MessagePlan& Schema::plan(const Descriptor& type) {
  std::unique_ptr<MessagePlan>& plan = plans_[&type];
  if (plan == nullptr) plan = make_plan(type);
  return *plan;
}

const Descriptor* Schema::type_of_url(std::string_view url) {
  size_t slash = url.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return nullptr;
  return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      std::string(url.substr(slash + 1)));
}

std::unique_ptr<google::protobuf::Message> Schema::make(const Descriptor& type) {
  const auto* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  return std::unique_ptr<google::protobuf::Message>(prototype->New());
}

void Schema::set_checked(const std::string& packed) {
  constexpr size_t kEnough = 1000;  // a mesh has two or three; more of them are checked each time
  if (checked_.size() < kEnough) checked_.insert(packed);
}

const RE2* Schema::pattern(const std::string& text) {
  std::unique_ptr<RE2>& regex = patterns_[text];
  if (regex == nullptr) regex = std::make_unique<RE2>(text, RE2::Quiet);
  return regex->ok() ? regex.get() : nullptr;
}

}  // namespace outrigger::xds
