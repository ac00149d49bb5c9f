// A message as one line of JSON, as Envoy's event logs have them, into a log's channel. Thread:
// main.
#pragma once

#include "google/protobuf/message.h"

#include "proxy/observe/log_channel.h"

namespace outrigger {

void write_event(const google::protobuf::Message& event, observe::LogChannel& channel);

}  // namespace outrigger
