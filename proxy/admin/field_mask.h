// The `mask` of /config_dump: keeps only the named fields of a message. Thread: any.
#pragma once

#include <string>

#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace outrigger::admin {

google::protobuf::FieldMask parse_mask(const std::string& mask);

// A path may lead through a field of type Any into the message that it holds ("cluster.name").
// False, and the message is not to be used, if a path names no field of the message.
bool apply_mask(const google::protobuf::FieldMask& mask, google::protobuf::Message& message);

}  // namespace outrigger::admin
