#include "xds/unpack_any.h"

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "api/struct_wire.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Any;
using google::protobuf::Message;

std::string_view name_of_url(std::string_view url) {
  return url.substr(url.rfind('/') + 1);
}

absl::StatusOr<std::unique_ptr<Message>> make(std::string_view name, std::string_view url) {
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(name));
  if (type == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("the type '{}' is not supported by Outrigger", url));
  }
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

absl::Status invalid(const Message& message) {
  return absl::InvalidArgumentError(
      fmt::format("is not a valid {}", message.GetDescriptor()->full_name()));
}

// A TypedStruct has its fields where an Any has them: the type's name, and octets, here a Struct's.
absl::Status fill_from_struct(const std::string& octets, Message& out) {
  google::protobuf::Struct content;
  std::string json;
  if (!content.ParseFromString(octets)) return invalid(out);
  if (!google::protobuf::util::MessageToJsonString(content, &json).ok()) return invalid(out);
  auto status = google::protobuf::util::JsonStringToMessage(json, &out);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "is not a valid {}: {}", out.GetDescriptor()->full_name(), std::string(status.message())));
}

}  // namespace

bool is_typed_struct(std::string_view type_url) {
  std::string_view type = name_of_url(type_url);
  return type == "xds.type.v3.TypedStruct" || type == "udpa.type.v1.TypedStruct";
}

std::string packed_type(const Any& any) {
  if (!is_typed_struct(any.type_url())) return std::string(name_of_url(any.type_url()));
  auto wrapped = decode_any(any.value());
  return wrapped ? std::string(name_of_url(wrapped->type_url)) : std::string();
}

absl::StatusOr<std::unique_ptr<Message>> unpack_any(const Any& any) {
  bool wrapped = is_typed_struct(any.type_url());
  auto inner = wrapped ? decode_any(any.value()) : std::nullopt;
  if (wrapped && (!inner || inner->type_url.empty()))
    return absl::InvalidArgumentError("a TypedStruct must have a 'type_url'");
  const std::string& url = wrapped ? inner->type_url : any.type_url();
  auto message = make(name_of_url(url), url);
  if (!message.ok()) return message;
  if (wrapped) {
    if (absl::Status status = fill_from_struct(inner->value, **message); !status.ok())
      return status;
  } else if (!(*message)->ParseFromString(any.value())) {
    return invalid(**message);
  }
  return message;
}

}  // namespace outrigger::xds
