// Takes secrets out of a message before people see it. Thread: any.
#pragma once

#include "google/protobuf/message.h"

namespace outrigger::admin {

// An Any of a type that this binary does not know, as rejected resources may have.
enum class UnknownTypes : unsigned char {
  show,  // a Struct with its type_url and its value in base64: JSON has no other form for it
  keep
};

// Every field that is marked (udpa.annotations.sensitive), also inside of Any: text becomes
// "[redacted]", numbers are cleared, and all of a marked message is treated as marked.
void redact(google::protobuf::Message& message, UnknownTypes unknown = UnknownTypes::show);

}  // namespace outrigger::admin
