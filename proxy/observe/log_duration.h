// Durations of a stream for access logs. Absent: one of the two moments did not come.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/observe/log_context.h"

namespace outrigger::observe {

// In milliseconds, rounded down.
std::optional<uint64_t> total_duration(const LogContext& context);  // goes on while the stream does
std::optional<uint64_t> duration_between(std::optional<MonotonicTime> from,
                                         std::optional<MonotonicTime> to);

std::optional<uint64_t> handshake_duration(const StreamInfo& info);  // of the client's TLS
uint64_t whole_ms(std::chrono::nanoseconds time);

// COMMON_DURATION's "START:END" or "START:END:ms|us|ns".
std::optional<uint64_t> common_duration(const StreamInfo& info, std::string_view spec);

}  // namespace outrigger::observe
