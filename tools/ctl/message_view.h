// MessageView: a message's fields by their names, for messages without generated code. Thread: any.
// Lifetime: the call; borrows the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "google/protobuf/message.h"
#include "google/protobuf/wrappers.pb.h"

namespace outrigger::ctl {

class MessageView {
 public:
  explicit MessageView(const google::protobuf::Message& message) : message_(message) {}

  bool has(const char* name) const { return reflection().HasField(message_, field(name)); }
  std::string text(const char* name) const { return reflection().GetString(message_, field(name)); }
  bool flag(const char* name) const { return reflection().GetBool(message_, field(name)); }
  uint64_t number(const char* name) const { return reflection().GetUInt64(message_, field(name)); }
  const google::protobuf::Message& message(const char* name) const {
    return reflection().GetMessage(message_, field(name));
  }
  // `Generated` is the field's type, one with generated code.
  template <class Generated>
  const Generated& get(const char* name) const {
    return static_cast<const Generated&>(message(name));
  }
  std::optional<std::string> optional_text(const char* name) const {
    if (!has(name)) return std::nullopt;
    return get<google::protobuf::StringValue>(name).value();
  }
  int count(const char* name) const { return reflection().FieldSize(message_, field(name)); }
  const google::protobuf::Message& at(const char* name, int index) const {
    return reflection().GetRepeatedMessage(message_, field(name), index);
  }

 private:
  const google::protobuf::Reflection& reflection() const { return *message_.GetReflection(); }
  const google::protobuf::FieldDescriptor* field(const char* name) const {
    return message_.GetDescriptor()->FindFieldByName(name);
  }

  const google::protobuf::Message& message_;
};

}  // namespace outrigger::ctl
