// Takes secrets out of a message before people see it. Thread: any.
#pragma once

#include "google/protobuf/message.h"

namespace outrigger::admin {

// Every field that is marked (udpa.annotations.sensitive), also inside of Any: text becomes
// "[redacted]", numbers are cleared, and all of a marked message is treated as marked. An Any of a
// type that this binary does not know, as rejected resources may have, becomes a Struct with its
// type_url and its value in base64: nobody could print it.
void redact(google::protobuf::Message& message);

}  // namespace outrigger::admin
