#include "proxy/grpc/request_head.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "fmt/format.h"

namespace outrigger::grpc {
namespace {

using http::HeaderId;

constexpr int64_t kLargestTimeout = 99'999'999;  // eight digits

// Octets that are no header value travel as base64 without padding.
std::string binary_text(const std::string& octets) {
  std::string text = absl::Base64Escape(octets);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

std::string timeout_text(std::chrono::milliseconds timeout) {
  int64_t value = std::max<int64_t>(timeout.count(), 0);
  constexpr std::pair<int64_t, char> kUnits[] = {{1, 'm'}, {1000, 'S'}, {60'000, 'M'}};
  for (auto [size, unit] : kUnits) {
    int64_t units = (value + size - 1) / size;
    if (units <= kLargestTimeout) return fmt::format("{}{}", units, unit);
  }
  constexpr int64_t kHour = 3'600'000;
  return fmt::format("{}H", std::min(value / kHour + 1, kLargestTimeout));
}

void write_head(const RequestHead& head, http::HeaderMap& out) {
  const config::GrpcService& service = head.service;
  Arena& arena = out.arena();
  out.add(HeaderId::method, "POST");
  out.add(HeaderId::scheme, head.tls ? "https" : "http");
  out.add(HeaderId::authority,
          arena.copy(service.authority.empty() ? service.cluster.name : service.authority));
  out.add(HeaderId::path, arena.copy(head.method));
  out.add(HeaderId::te, "trailers");
  if (head.options.timeout)
    out.add(HeaderId::grpc_timeout, arena.copy(timeout_text(*head.options.timeout)));
  out.add(HeaderId::content_type, "application/grpc");
  out.add(HeaderId::user_agent, arena.copy(head.caller.user_agent));
  if (service.envoy_headers) {
    out.add(HeaderId::x_envoy_internal, "true");
    if (!head.caller.local_ip.empty())
      out.add(HeaderId::x_forwarded_for, arena.copy(head.caller.local_ip));
  }
  for (const auto& [name, value] : service.initial_metadata) out.add_copy(name, value);
  for (const auto& [name, value] : head.options.metadata)
    out.add_copy(name, name.ends_with("-bin") ? binary_text(value) : value);
}

}  // namespace outrigger::grpc
