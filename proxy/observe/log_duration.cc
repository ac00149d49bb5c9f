#include "proxy/observe/log_duration.h"

#include <chrono>

namespace outrigger::observe {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;

std::optional<uint64_t> ns_between(std::optional<MonotonicTime> from,
                                   std::optional<MonotonicTime> to) {
  if (!from || !to || *to < *from) return std::nullopt;
  return static_cast<uint64_t>(duration_cast<nanoseconds>(*to - *from).count());
}

constexpr uint64_t kNsPerMs = 1'000'000;

// DS: downstream, US: upstream, RX: received, TX: sent.
std::optional<MonotonicTime> moment(const StreamInfo& info, std::string_view name) {
  if (name == "DS_RX_BEG") return info.start;
  if (name == "DS_RX_END") return info.request_end;
  if (name == "US_TX_BEG") return info.upstream_first_sent;
  if (name == "US_TX_END") return info.upstream_last_sent;
  if (name == "US_RX_BEG") return info.upstream_first_received;
  if (name == "US_RX_END") return info.upstream_last_received;
  if (name == "DS_TX_BEG") return info.response_first_sent;
  if (name == "DS_TX_END") return info.response_last_sent;
  return std::nullopt;  // US_CX_*, US_HS_END, US_RX_BODY_BEG: the stream does not know them
}

}  // namespace

std::optional<uint64_t> duration_between(std::optional<MonotonicTime> from,
                                         std::optional<MonotonicTime> to) {
  auto ns = ns_between(from, to);
  if (!ns) return std::nullopt;
  return *ns / kNsPerMs;
}

std::optional<uint64_t> total_duration(const LogContext& context) {
  MonotonicTime end = context.info.end        ? *context.info.end
                      : context.now_monotonic ? *context.now_monotonic
                                              : std::chrono::steady_clock::now();
  return duration_between(context.info.start, end);
}

std::optional<uint64_t> common_duration(const StreamInfo& info, std::string_view spec) {
  size_t first = spec.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  std::string_view rest = spec.substr(first + 1);
  size_t second = rest.find(':');
  std::string_view unit = second == std::string_view::npos ? "ms" : rest.substr(second + 1);
  auto ns = ns_between(moment(info, spec.substr(0, first)), moment(info, rest.substr(0, second)));
  if (!ns) return std::nullopt;
  if (unit == "ns") return *ns;
  return unit == "us" ? *ns / 1000 : *ns / kNsPerMs;
}

}  // namespace outrigger::observe
