#include "proxy/admin/json.h"

#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"

namespace outrigger::admin {

std::string to_json(const google::protobuf::Message& message, bool defaults) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = defaults;
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return fmt::format("{{\n \"error\": {}\n}}\n", json_string(status.ToString()));
  return json;
}

google::protobuf::Timestamp to_timestamp(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  int64_t ms = duration_cast<milliseconds>(time.time_since_epoch()).count();
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(ms / 1000);
  timestamp.set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  return timestamp;
}

envoy::config::core::v3::Address to_proto(const net::Address& address) {
  envoy::config::core::v3::Address proto;
  if (address.is_ip()) {
    proto.mutable_socket_address()->set_address(address.ip_text());
    proto.mutable_socket_address()->set_port_value(address.port());
  } else {
    proto.mutable_pipe()->set_path(address.text());
  }
  return proto;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace outrigger::admin
