#include "proxy/admin/redact.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/struct.pb.h"

#include "udpa/annotations/sensitive.pb.h"

namespace outrigger::admin {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

struct How {
  bool sensitive;
  UnknownTypes unknown;
};

void redact_all(Message& message, How how);

// A new message of the type that `any` names, filled; nullptr if the type is unknown or the bytes
// are not of it.
std::unique_ptr<Message> unpack(const Any& any) {
  std::string name(any.type_url().substr(any.type_url().rfind('/') + 1));
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) return nullptr;
  const Message* prototype = MessageFactory::generated_factory()->GetPrototype(type);
  std::unique_ptr<Message> inner(prototype->New());
  return inner->ParseFromString(any.value()) ? std::move(inner) : nullptr;
}

// What nobody can print becomes something that can be printed, so that the rest stays readable.
Any stand_in(const Any& any, bool sensitive) {
  google::protobuf::Struct text;
  auto& fields = *text.mutable_fields();
  fields["type_url"].set_string_value(any.type_url());
  fields["value"].set_string_value(sensitive ? "[redacted]" : absl::Base64Escape(any.value()));
  Any replaced;
  replaced.PackFrom(text);
  return replaced;
}

void redact_any(Any& any, How how) {
  if (any.type_url().empty()) return;
  std::unique_ptr<Message> inner = unpack(any);
  if (inner == nullptr) {
    if (how.sensitive || how.unknown == UnknownTypes::show) any = stand_in(any, how.sensitive);
    return;
  }
  redact_all(*inner, how);
  any.set_value(inner->SerializeAsString());
}

void redact_messages(Message& message, const FieldDescriptor* field, How how) {
  const Reflection* reflection = message.GetReflection();
  if (!field->is_repeated()) return redact_all(*reflection->MutableMessage(&message, field), how);
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    redact_all(*reflection->MutableRepeatedMessage(&message, field, i), how);
  }
}

void redact_scalars(Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING)
    return reflection->ClearField(&message, field);
  if (!field->is_repeated()) return reflection->SetString(&message, field, "[redacted]");
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    reflection->SetRepeatedString(&message, field, i, "[redacted]");
  }
}

void redact_all(Message& message, How how) {
  if (message.GetDescriptor() == Any::descriptor()) {
    return redact_any(static_cast<Any&>(message), how);
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  // The key of a map's entry names the secret; it is none.
  bool entry = message.GetDescriptor()->options().map_entry();
  for (const FieldDescriptor* field : fields) {
    How here{how.sensitive || field->options().GetExtension(udpa::annotations::sensitive),
             how.unknown};
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      redact_messages(message, field, here);
    } else if (here.sensitive && !(entry && field->number() == 1)) {
      redact_scalars(message, field);
    }
  }
}

}  // namespace

void redact(Message& message, UnknownTypes unknown) {
  redact_all(message, {false, unknown});
}

}  // namespace outrigger::admin
