#include "proxy/observe/access_log_filter.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "proxy/observe/log_duration.h"

namespace outrigger::observe {
namespace {

using config::AccessLogFilter;
using config::HeaderMatch;

bool compare(AccessLogFilter::Compare how, uint64_t actual, uint64_t wanted) {
  switch (how) {
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

bool in_range(const HeaderMatch& match, std::string_view value) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  auto [at, error] = std::from_chars(value.data(), end, number);
  return error == std::errc() && at == end && number >= match.range_start &&
         number < match.range_end;
}

bool value_matches(const HeaderMatch& match, std::string_view value) {
  return match.kind == HeaderMatch::Kind::range ? in_range(match, value)
                                                : match.string.matches(value);
}

// Several fields of one name count as one value, joined by ",".
bool header_matches(const HeaderMatch& match, const http::HeaderMap* headers) {
  const http::HeaderField* field = headers == nullptr ? nullptr : headers->find(match.name);
  if (match.kind == HeaderMatch::Kind::present) {
    return ((field != nullptr) == match.expect_present) != match.invert;
  }
  if (field == nullptr) {
    // A condition on a value that is not there does not hold, inverted or not.
    return match.treat_missing_as_empty && value_matches(match, "") != match.invert;
  }
  if (headers->count(match.name) == 1) return value_matches(match, field->value) != match.invert;
  std::string joined;
  for (const http::HeaderField& each : headers->fields()) {
    if (each.name != match.name) continue;
    if (&each != field) joined += ',';
    joined += each.value;
  }
  return value_matches(match, joined) != match.invert;
}

}  // namespace

bool passes(const AccessLogFilter& filter, const LogContext& context) {
  const StreamInfo& info = context.info;
  auto child_passes = [&](const AccessLogFilter& child) { return passes(child, context); };
  switch (filter.kind) {
    case AccessLogFilter::Kind::status_code:
      return compare(filter.compare, static_cast<uint64_t>(info.response_code.value_or(0)),
                     filter.value);
    case AccessLogFilter::Kind::duration:
      return compare(filter.compare, total_duration(context).value_or(0), filter.value);
    case AccessLogFilter::Kind::not_health_check:
      return !info.health_check;
    case AccessLogFilter::Kind::response_flag:
      return filter.flags.none() ? !info.flags.none()
                                 : (filter.flags.bits() & info.flags.bits()) != 0;
    case AccessLogFilter::Kind::header:
      return header_matches(filter.header, context.request);
    case AccessLogFilter::Kind::all_of:
      return std::all_of(filter.children.begin(), filter.children.end(), child_passes);
    case AccessLogFilter::Kind::any_of:
      return std::any_of(filter.children.begin(), filter.children.end(), child_passes);
  }
  return false;
}

}  // namespace outrigger::observe
