// LogValue: what one command of a substitution format reads from a stream: text, a number, or
// nothing. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/config/substitution.h"
#include "proxy/observe/log_address.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/time_text.h"

namespace outrigger::observe {

struct LogValue {
  enum class Kind : uint8_t {
    none,
    text,
    number
  };

  LogValue() = default;
  LogValue(std::string_view t) : kind(Kind::text), text(t) {}  // NOLINT: text is a value
  LogValue(uint64_t n) : kind(Kind::number), number(n) {}      // NOLINT: so is a number
  LogValue(std::optional<uint64_t> n) {
    if (n) *this = LogValue(*n);
  }  // NOLINT
  LogValue(std::optional<std::string_view> t) {
    if (t) *this = LogValue(*t);
  }  // NOLINT

  Kind kind = Kind::none;
  std::string_view text;
  uint64_t number = 0;
};

// Where a value that is made for the call stands.
struct LogScratch {
  char small[kMaxAddressText];
  std::string large;  // rare: decoded parameters, several response flags, spaces replaced
  std::optional<TimeText> times;  // when the context has no cache
};

// A command other than a literal. The text is valid until the next call with the same scratch;
// max_length is applied.
LogValue value_of(const config::LogCommand& command, const LogContext& context,
                  LogScratch& scratch);

}  // namespace outrigger::observe
