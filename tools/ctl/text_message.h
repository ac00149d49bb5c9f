// Files in the text form of protobuf (.pb_text), which Envoy's tools take beside YAML and JSON.
// Thread: main.
#pragma once

#include <string>

#include "google/protobuf/message.h"

#include "xds/problems.h"

namespace outrigger::ctl {

bool is_text_message(const std::string& path);
// Problems name the file, the line and the column.
void read_text_message(const std::string& path, google::protobuf::Message& into,
                       xds::Problems& problems);

}  // namespace outrigger::ctl
