#include "proxy/observe/access_log_filter.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "api/config/header_match.h"
#include "proxy/observe/log_duration.h"
#include "proxy/observe/log_grpc.h"

namespace outrigger::observe {
namespace {

using config::AccessLogFilter;

bool compare(const AccessLogFilter& filter, uint64_t actual, const LogContext& context) {
  uint64_t wanted = filter.value;
  if (!filter.runtime_key.empty() && context.runtime != nullptr)
    wanted = context.runtime->number(filter.runtime_key, wanted);
  switch (filter.compare) {
    case AccessLogFilter::Compare::equal:
      return actual == wanted;
    case AccessLogFilter::Compare::greater_equal:
      return actual >= wanted;
    case AccessLogFilter::Compare::less_equal:
      return actual <= wanted;
    case AccessLogFilter::Compare::not_equal:
      return actual != wanted;
  }
  return false;
}

bool header_matches(const config::HeaderMatch& match, const LogContext& context) {
  // A connection has no headers: as of a request that has none of them.
  if (context.request != nullptr) return config::matches(match, *context.request);
  if (match.kind == config::HeaderMatch::Kind::present) return match.expect_present == match.invert;
  return false;
}

// The same number on every proxy that a request passes, so that they all log it, or none does: the
// first eight digits of its id.
uint64_t draw(const AccessLogFilter& filter, const LogContext& context) {
  constexpr size_t kDigits = 8;
  std::string_view id = context.info.request_id.substr(0, kDigits);
  uint64_t number = 0;
  auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number, 16);
  bool is_id = error == std::errc() && end == id.data() + kDigits;
  return filter.independent || !is_id ? context.random : number;
}

bool chosen(const AccessLogFilter& filter, const LogContext& context) {
  uint64_t random = draw(filter, context);
  const config::RuntimeValue* value =
      context.runtime == nullptr ? nullptr : context.runtime->find(filter.runtime_key);
  if (value != nullptr && value->per_million) return random % 1'000'000 < *value->per_million;
  if (value != nullptr && value->number) return random % 100 < *value->number;  // per cent
  return random % filter.denominator < filter.numerator;
}

bool in_set(const AccessLogFilter& filter, uint64_t value) {
  bool in = value < 32 && (filter.set >> value & 1) != 0;
  return in != filter.exclude;
}

// Envoy asks whether there is a value before it asks the matcher.
bool metadata_matches(const AccessLogFilter& filter, const StreamInfo& info) {
  static const Metadata kNone;
  const Metadata& metadata = info.extras == nullptr ? kNone : info.extras->metadata;
  if (metadata.find(filter.metadata.filter, filter.metadata.path) == nullptr)
    return filter.match_if_key_not_found;
  return filter.metadata.matches(metadata);
}

bool any_flag(const AccessLogFilter& filter, const StreamInfo& info) {
  return filter.flags.none() ? !info.flags.none() : (filter.flags.bits() & info.flags.bits()) != 0;
}

}  // namespace

bool passes(const AccessLogFilter& filter, const LogContext& context) {
  const StreamInfo& info = context.info;
  auto child_passes = [&](const AccessLogFilter& child) { return passes(child, context); };
  switch (filter.kind) {
    case AccessLogFilter::Kind::status_code:
      return compare(filter, static_cast<uint64_t>(info.response_code.value_or(0)), context);
    case AccessLogFilter::Kind::duration:
      return compare(filter, total_duration(context).value_or(0), context);
    case AccessLogFilter::Kind::not_health_check:
      return !info.health_check;
    case AccessLogFilter::Kind::response_flag:
      return any_flag(filter, info);
    case AccessLogFilter::Kind::header:
      return header_matches(filter.header, context);
    case AccessLogFilter::Kind::runtime:
      return chosen(filter, context);
    case AccessLogFilter::Kind::grpc_status: {
      constexpr uint64_t kUnknown = 2;  // what neither gRPC nor HTTP answered
      return in_set(filter, any_grpc_status(context).value_or(kUnknown));
    }
    case AccessLogFilter::Kind::metadata:
      return metadata_matches(filter, info);
    case AccessLogFilter::Kind::log_type:
      return in_set(filter, static_cast<uint64_t>(context.type));
    case AccessLogFilter::Kind::traceable:  // nothing is traced
      return false;
    case AccessLogFilter::Kind::all_of:
      return std::all_of(filter.children.begin(), filter.children.end(), child_passes);
    case AccessLogFilter::Kind::any_of:
      return std::any_of(filter.children.begin(), filter.children.end(), child_passes);
  }
  return false;
}

}  // namespace outrigger::observe
