// Messages of envoy.admin.v3 as JSON text, in the shape that Envoy's admin interface answers with.
// Thread: any.
#pragma once

#include <chrono>
#include <string>

#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

#include "envoy/config/core/v3/address.pb.h"

#include "api/net/address.h"

namespace outrigger::admin {

// Fields by their proto names, indented. `defaults` also prints fields that have their default
// value. A message with an Any of a type that this binary does not know cannot be printed: the text
// is then an object with the member "error".
std::string to_json(const google::protobuf::Message& message, bool defaults = false);

// Milliseconds are kept, the rest is cut.
google::protobuf::Timestamp to_timestamp(std::chrono::system_clock::time_point time);

envoy::config::core::v3::Address to_proto(const net::Address& address);

// `text` between quotes, escaped.
std::string json_string(std::string_view text);

}  // namespace outrigger::admin
