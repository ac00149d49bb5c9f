#include "proxy/admin/field_mask.h"

#include <map>
#include <memory>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/util/field_mask_util.h"

namespace outrigger::admin {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::util::FieldMaskUtil;

const FieldDescriptor* any_field(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
    return nullptr;
  return field->message_type() == Any::descriptor() ? field : nullptr;
}

bool trim(const FieldMask& mask, Message& message) {
  for (const std::string& path : mask.paths()) {
    if (!FieldMaskUtil::GetFieldDescriptors(message.GetDescriptor(), path, nullptr)) return false;
  }
  FieldMaskUtil::TrimMessage(mask, &message);
  return true;
}

bool trim_any(const FieldMask& mask, Any& any) {
  std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) return false;
  std::unique_ptr<Message> inner(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!inner->ParseFromString(any.value()) || !trim(mask, *inner)) return false;
  any.set_value(inner->SerializeAsString());
  return true;
}

}  // namespace

FieldMask parse_mask(const std::string& mask) {
  FieldMask parsed;
  FieldMaskUtil::FromString(mask, &parsed);
  return parsed;
}

bool apply_mask(const FieldMask& mask, Message& message) {
  FieldMask outer;
  std::map<const FieldDescriptor*, FieldMask> inner;
  for (const std::string& path : mask.paths()) {
    size_t dot = path.find('.');
    const FieldDescriptor* any = any_field(message, path.substr(0, dot));
    if (any != nullptr && dot != std::string::npos) {
      inner[any].add_paths(path.substr(dot + 1));
      outer.add_paths(any->name());
    } else {
      outer.add_paths(path);
    }
  }
  for (auto& [field, paths] : inner) {
    if (!message.GetReflection()->HasField(message, field)) continue;
    auto* any = static_cast<Any*>(message.GetReflection()->MutableMessage(&message, field));
    if (!trim_any(paths, *any)) return false;
  }
  return trim(outer, message);
}

}  // namespace outrigger::admin
