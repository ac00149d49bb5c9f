#include <memory>
#include <optional>

#include "fmt/format.h"

#include "api/outcome.h"
#include "xds/compile_access_log.h"
#include "xds/compile_matcher.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using Kind = config::AccessLogFilter::Kind;
using Compare = config::AccessLogFilter::Compare;
using envoy::config::accesslog::v3::AccessLogFilter;
using envoy::config::accesslog::v3::ComparisonFilter;
using envoy::config::accesslog::v3::ResponseFlagFilter;

void compile_comparison(const ComparisonFilter& comparison, config::AccessLogFilter& out) {
  switch (comparison.op()) {
    case ComparisonFilter::GE:
      out.compare = Compare::greater_equal;
      break;
    case ComparisonFilter::LE:
      out.compare = Compare::less_equal;
      break;
    case ComparisonFilter::NE:
      out.compare = Compare::not_equal;
      break;
    default:
      out.compare = Compare::equal;
  }
  out.value = comparison.value().default_value();
}

std::optional<ResponseFlag> find_flag(std::string_view name) {
  for (unsigned i = 0; i < static_cast<unsigned>(ResponseFlag::count); ++i) {
    auto flag = static_cast<ResponseFlag>(i);
    if (short_name(flag) == name) return flag;
  }
  return std::nullopt;
}

void compile_flags(const ResponseFlagFilter& filter, config::AccessLogFilter& out,
                   FieldErrors& errors) {
  for (int i = 0; i < filter.flags_size(); ++i) {
    if (auto flag = find_flag(filter.flags(i))) {
      out.flags.set(*flag);
    } else {
      errors.add(indexed("response_flag_filter.flags", i),
                 fmt::format("'{}' is no response flag", filter.flags(i)));
    }
  }
}

template <class Filters>
void compile_children(const Filters& filters, const char* field, config::AccessLogFilter& out,
                      FieldErrors& errors) {
  for (int i = 0; i < filters.size(); ++i) {
    out.children.push_back(
        errors.take_nested(indexed(field, i), compile_access_log_filter(filters.Get(i))));
  }
}

}  // namespace

absl::StatusOr<config::AccessLogFilter> compile_access_log_filter(const AccessLogFilter& filter) {
  FieldErrors errors;
  config::AccessLogFilter out;
  switch (filter.filter_specifier_case()) {
    case AccessLogFilter::kStatusCodeFilter:
      out.kind = Kind::status_code;
      compile_comparison(filter.status_code_filter().comparison(), out);
      break;
    case AccessLogFilter::kDurationFilter:
      out.kind = Kind::duration;
      compile_comparison(filter.duration_filter().comparison(), out);
      break;
    case AccessLogFilter::kNotHealthCheckFilter:
      out.kind = Kind::not_health_check;
      break;
    case AccessLogFilter::kAndFilter:
      out.kind = Kind::all_of;
      compile_children(filter.and_filter().filters(), "and_filter.filters", out, errors);
      break;
    case AccessLogFilter::kOrFilter:
      out.kind = Kind::any_of;
      compile_children(filter.or_filter().filters(), "or_filter.filters", out, errors);
      break;
    case AccessLogFilter::kHeaderFilter:
      out.kind = Kind::header;
      out.header = errors.take_nested("header_filter.header",
                                      compile_header_match(filter.header_filter().header()));
      break;
    case AccessLogFilter::kResponseFlagFilter:
      out.kind = Kind::response_flag;
      compile_flags(filter.response_flag_filter(), out, errors);
      break;
    default:
      errors.add("", "is of no kind that is supported");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
