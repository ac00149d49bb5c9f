// LogValue: what one command of a substitution format reads from a stream: text, a number, or
// nothing. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/config/substitution.h"
#include "api/metadata.h"
#include "proxy/observe/log_address.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/time_text.h"

namespace outrigger::observe {

struct LogValue {
  enum class Kind : uint8_t {
    none,
    text,
    number,
    data  // metadata other than text; as JSON
  };

  LogValue() = default;
  LogValue(std::string_view t) : kind(Kind::text), text(t) {}  // NOLINT: text is a value
  LogValue(uint64_t n) : kind(Kind::number), number(n) {}      // NOLINT: so is a number
  explicit LogValue(const MetadataValue* d) : kind(Kind::data), data(d) {}
  LogValue(std::optional<uint64_t> n) {
    if (n) *this = LogValue(*n);
  }  // NOLINT
  LogValue(std::optional<std::string_view> t) {
    if (t) *this = LogValue(*t);
  }  // NOLINT

  Kind kind = Kind::none;
  std::string_view text;
  uint64_t number = 0;
  const MetadataValue* data = nullptr;
};

// Where a value that is made for the call stands.
struct LogScratch {
  char small[kMaxAddressText];
  std::string large;  // rare: decoded parameters, several response flags, spaces replaced
  std::optional<TimeText> times;  // when the context has no cache
  MetadataValue state;            // filter state that is shown as JSON
};

// A command other than a literal. The value is valid until the next call with the same scratch;
// max_length is applied to text.
LogValue value_of(const config::LogCommand& command, const LogContext& context,
                  LogScratch& scratch);
// The JSON of a value of kind `data`, cut to the command's max_length.
std::string_view data_text(const config::LogCommand& command, const LogValue& value,
                           LogScratch& scratch);

}  // namespace outrigger::observe
