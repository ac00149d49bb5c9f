#include "proxy/event_line.h"

#include <string>

#include "google/protobuf/util/json_util.h"

namespace outrigger {

void write_event(const google::protobuf::Message& event, observe::LogChannel& channel) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string line;
  if (!google::protobuf::util::MessageToJsonString(event, &line, options).ok()) return;
  line += '\n';
  channel.write_line([&](observe::LineBuffer& out) { out.append(line); });
}

}  // namespace outrigger
