#include "xds/compile_socket_options.h"

#include <cstring>
#include <limits>
#include <string>

#include "fmt/format.h"

#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using Message = envoy::config::core::v3::SocketOption;

bool is_int(int64_t value) {
  return value >= std::numeric_limits<int>::min() && value <= std::numeric_limits<int>::max();
}

// The system takes an int where the configuration has one.
std::string int_octets(int64_t value) {
  int number = static_cast<int>(value);
  std::string octets(sizeof number, '\0');
  std::memcpy(octets.data(), &number, sizeof number);
  return octets;
}

void check_int(const char* field, int64_t value, FieldErrors& errors) {
  if (!is_int(value)) errors.add(field, fmt::format("{} does not fit into an int", value));
}

absl::StatusOr<net::SocketOption> compile_option(const Message& option) {
  FieldErrors errors;
  check_int("level", option.level(), errors);
  check_int("name", option.name(), errors);
  if (option.value_case() == Message::kIntValue) check_int("int_value", option.int_value(), errors);
  if (!errors.empty()) return errors.status();
  net::SocketOption out;
  out.level = static_cast<int>(option.level());
  out.name = static_cast<int>(option.name());
  out.value = option.value_case() == Message::kBufValue ? option.buf_value()
                                                        : int_octets(option.int_value());
  switch (option.state()) {
    case Message::STATE_BOUND:
      out.state = net::SocketOption::State::bound;
      break;
    case Message::STATE_LISTENING:
      out.state = net::SocketOption::State::listening;
      break;
    default:
      out.state = net::SocketOption::State::prebind;
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<net::SocketOption>> compile_socket_options(
    const SocketOptionMessages& options, std::string_view field) {
  FieldErrors errors;
  std::vector<net::SocketOption> out;
  for (int i = 0; i < options.size(); ++i) {
    const auto& option = options.Get(i);
    if (option.has_type() && option.type().has_datagram() && !option.type().has_stream()) continue;
    out.push_back(errors.take_nested(indexed(field, i), compile_option(option)));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
