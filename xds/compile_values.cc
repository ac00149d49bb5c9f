#include "xds/compile_values.h"

#include <cstdlib>

#include "fmt/format.h"
#include "google/protobuf/any.pb.h"

#include "xds/field_errors.h"
#include "xds/read_file.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::Address;
using envoy::config::core::v3::DataSource;
using envoy::config::core::v3::SocketAddress;

absl::StatusOr<net::Address> compile_socket_address(const SocketAddress& address) {
  FieldErrors errors;
  if (address.protocol() != SocketAddress::TCP)
    errors.add("protocol", "UDP is not supported by Outrigger");
  auto out = net::Address::from_ip(address.address(), static_cast<uint16_t>(address.port_value()));
  if (!out) {
    errors.add("address", fmt::format("'{}' is not an IP address", address.address()));
  }
  if (!errors.empty()) return errors.status();
  return *out;
}

// Formats and bodies are small.
constexpr size_t kMaxValueBytes = 16 * 1024 * 1024;

}  // namespace

std::chrono::milliseconds to_milliseconds(const google::protobuf::Duration& duration) {
  constexpr int64_t kNanosPerMilli = 1'000'000;
  int64_t nanos = duration.nanos();
  int64_t millis = nanos / kNanosPerMilli + (nanos % kNanosPerMilli > 0 ? 1 : 0);
  return std::chrono::milliseconds(duration.seconds() * 1000 + millis);
}

absl::StatusOr<net::Address> compile_address(const Address& address) {
  FieldErrors errors;
  net::Address out;
  if (address.has_socket_address()) {
    out = errors.take_nested("socket_address", compile_socket_address(address.socket_address()));
  } else if (address.has_pipe()) {
    auto pipe = net::Address::from_unix_path(address.pipe().path());
    if (pipe) return *pipe;
    errors.add("pipe.path", "is too long for a Unix socket");
  } else {
    errors.add("", "names no socket address and no pipe");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<std::string> read_data_source(const DataSource& source) {
  switch (source.specifier_case()) {
    case DataSource::kInlineString:
      return source.inline_string();
    case DataSource::kInlineBytes:
      return source.inline_bytes();
    case DataSource::kFilename: {
      if (auto text = read_file(source.filename(), kMaxValueBytes)) return *std::move(text);
      FieldErrors errors;
      errors.add("filename", fmt::format("unable to read file '{}'", source.filename()));
      return errors.status();
    }
    case DataSource::kEnvironmentVariable: {
      const char* value = std::getenv(source.environment_variable().c_str());
      if (value != nullptr) return value;
      FieldErrors errors;
      errors.add("environment_variable",
                 fmt::format("'{}' is not set", source.environment_variable()));
      return errors.status();
    }
    case DataSource::SPECIFIER_NOT_SET:
      break;
  }
  return std::string();
}

bool is_type(const google::protobuf::Any& any, std::string_view type) {
  std::string_view url = any.type_url();
  return url.substr(url.rfind('/') + 1) == type;
}

}  // namespace outrigger::xds
