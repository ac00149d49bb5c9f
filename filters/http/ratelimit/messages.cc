#include "filters/http/ratelimit/messages.h"

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/service/ratelimit/v3/rls.pb.h"

namespace outrigger::filters::ratelimit {
namespace {

namespace pb = envoy::service::ratelimit::v3;
using Limit = pb::RateLimitResponse::RateLimit;
using HeaderValues = google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValue>;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr bool is_text(unsigned char c) {
  return c >= 0x20 && c < 0x7f;
}

// A descriptor's values come from requests; protobuf's strings are UTF-8.
std::string as_text(std::string text) {
  for (char& c : text) {
    if (!is_text(static_cast<unsigned char>(c))) c = '!';
  }
  return text;
}

uint64_t seconds_of(Limit::Unit unit) {
  constexpr uint64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  switch (unit) {
    case Limit::SECOND:
      return 1;
    case Limit::MINUTE:
      return kMinute;
    case Limit::HOUR:
      return kHour;
    case Limit::DAY:
      return kDay;
    case Limit::WEEK:
      return 7 * kDay;
    case Limit::MONTH:
      return 30 * kDay;
    case Limit::YEAR:
      return 365 * kDay;
    default:
      return 0;
  }
}

// Header values must not end the header.
void read_headers(const HeaderValues& from, Fields& out) {
  for (const auto& header : from) {
    std::string value = header.value().empty() ? header.raw_value() : header.value();
    std::string name = absl::AsciiStrToLower(header.key());
    bool good = !name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos &&
                value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
    if (good) out.emplace_back(std::move(name), std::move(value));
  }
}

void read_limits(const pb::RateLimitResponse& response, LimitAnswer& out) {
  const pb::RateLimitResponse::DescriptorStatus* least = nullptr;
  std::string policies;
  for (const auto& status : response.statuses()) {
    if (!status.has_current_limit()) continue;
    if (least == nullptr || status.limit_remaining() < least->limit_remaining()) least = &status;
    const Limit& limit = status.current_limit();
    uint64_t window = seconds_of(limit.unit());
    if (window == 0) continue;
    policies += fmt::format(", {};w={}", limit.requests_per_unit(), window);
    if (!limit.name().empty()) policies += fmt::format(";name=\"{}\"", as_text(limit.name()));
  }
  if (least == nullptr) return;
  out.limit = fmt::format("{}{}", least->current_limit().requests_per_unit(), policies);
  out.remaining = std::to_string(least->limit_remaining());
  out.reset = std::to_string(least->duration_until_reset().seconds());
}

}  // namespace

std::string make_limit_message(const std::string& domain,
                               const std::vector<RateLimitDescriptor>& descriptors) {
  pb::RateLimitRequest request;
  request.set_domain(domain);
  for (const RateLimitDescriptor& descriptor : descriptors) {
    auto& out = *request.add_descriptors();
    for (const auto& [key, value] : descriptor.entries) {
      auto& entry = *out.add_entries();
      entry.set_key(key);
      entry.set_value(as_text(value));
    }
    if (descriptor.hits) out.mutable_hits_addend()->set_value(*descriptor.hits);
  }
  return request.SerializeAsString();
}

std::optional<LimitAnswer> read_limit_message(std::string_view octets) {
  pb::RateLimitResponse response;
  if (!response.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) {
    return std::nullopt;
  }
  if (response.overall_code() == pb::RateLimitResponse::UNKNOWN) return std::nullopt;
  LimitAnswer out;
  out.over_limit = response.overall_code() == pb::RateLimitResponse::OVER_LIMIT;
  read_headers(response.request_headers_to_add(), out.request_headers);
  read_headers(response.response_headers_to_add(), out.response_headers);
  out.body = response.raw_body();
  read_limits(response, out);
  return out;
}

}  // namespace outrigger::filters::ratelimit
