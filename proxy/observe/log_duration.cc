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

std::optional<MonotonicTime> connection_moment(const StreamInfo& info, bool end) {
  if (info.connection == nullptr) return std::nullopt;
  return end ? info.connection->end : info.connection->start;
}

// DS: downstream, US: upstream, CX: connection, HS: handshake, RX: received, TX: sent. Others are
// names that a filter might have given to a moment: none does.
std::optional<MonotonicTime> moment(const StreamInfo& info, std::string_view name) {
  if (name == "DS_RX_BEG") return info.start;
  if (name == "DS_RX_END") return info.request_end;
  if (name == "US_TX_BEG") return info.upstream_first_sent;
  if (name == "US_TX_END") return info.upstream_last_sent;
  if (name == "US_RX_BEG") return info.upstream_first_received;
  if (name == "US_RX_END") return info.upstream_last_received;
  if (name == "DS_TX_BEG") return info.response_first_sent;
  if (name == "DS_TX_END") return info.response_last_sent;
  if (name == "US_CX_BEG") return info.upstream_connect_start;
  if (name == "US_CX_END") return info.upstream_connect_end;
  if (name == "US_HS_END") return info.upstream_handshake_end;
  if (name == "US_RX_BODY_BEG") return info.upstream_first_body;
  if (info.protocol) return std::nullopt;
  // Of connections only, not of requests.
  if (name == "DS_CX_BEG") return connection_moment(info, false);
  if (name == "DS_CX_END") return connection_moment(info, true);
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> duration_between(std::optional<MonotonicTime> from,
                                         std::optional<MonotonicTime> to) {
  auto ns = ns_between(from, to);
  if (!ns) return std::nullopt;
  return *ns / kNsPerMs;
}

uint64_t whole_ms(nanoseconds time) {
  return time.count() <= 0 ? 0 : static_cast<uint64_t>(time.count()) / kNsPerMs;
}

std::optional<uint64_t> handshake_duration(const StreamInfo& info) {
  if (info.protocol || info.connection == nullptr) return std::nullopt;  // connections' logs only
  return duration_between(info.connection->start, info.connection->handshake_end);
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
