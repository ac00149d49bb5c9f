#include <memory>
#include <optional>

#include "fmt/format.h"

#include "api/outcome.h"
#include "xds/compile_access_log.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using Kind = config::AccessLogFilter::Kind;
using Compare = config::AccessLogFilter::Compare;
using envoy::config::accesslog::v3::AccessLogFilter;
using envoy::config::accesslog::v3::ComparisonFilter;
using envoy::config::accesslog::v3::MetadataFilter;
using envoy::config::accesslog::v3::ResponseFlagFilter;
using envoy::config::accesslog::v3::RuntimeFilter;
using envoy::type::v3::FractionalPercent;

constexpr std::string_view kExpression =
    "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter";

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
  out.runtime_key = comparison.value().runtime_key();
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

void compile_runtime(const RuntimeFilter& filter, config::AccessLogFilter& out) {
  out.runtime_key = filter.runtime_key();
  out.independent = filter.use_independent_randomness();
  const auto& fraction = filter.percent_sampled();
  out.numerator = fraction.numerator();
  out.denominator = fraction.denominator() == FractionalPercent::TEN_THOUSAND ? 10'000
                    : fraction.denominator() == FractionalPercent::MILLION    ? 1'000'000
                                                                              : 100;
}

// The numbers of an enum's values as bits; there are fewer than 32 of each.
template <class Values>
uint32_t as_set(const Values& values) {
  uint32_t set = 0;
  for (int value : values) set |= 1u << (value & 31);
  return set;
}

void compile_metadata_filter(const MetadataFilter& filter, config::AccessLogFilter& out,
                             FieldErrors& errors) {
  out.metadata =
      errors.take_nested("metadata_filter.matcher", compile_metadata_matcher(filter.matcher()));
  if (filter.has_match_if_key_not_found())
    out.match_if_key_not_found = filter.match_if_key_not_found().value();
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
    case AccessLogFilter::kRuntimeFilter:
      out.kind = Kind::runtime;
      compile_runtime(filter.runtime_filter(), out);
      break;
    case AccessLogFilter::kGrpcStatusFilter:
      out.kind = Kind::grpc_status;
      out.set = as_set(filter.grpc_status_filter().statuses());
      out.exclude = filter.grpc_status_filter().exclude();
      break;
    case AccessLogFilter::kMetadataFilter:
      out.kind = Kind::metadata;
      compile_metadata_filter(filter.metadata_filter(), out, errors);
      break;
    case AccessLogFilter::kLogTypeFilter:
      out.kind = Kind::log_type;
      out.set = as_set(filter.log_type_filter().types());
      out.exclude = filter.log_type_filter().exclude();
      break;
    case AccessLogFilter::kTraceableFilter:
      out.kind = Kind::traceable;
      break;
    case AccessLogFilter::kExtensionFilter:
      // Expressions are not evaluated: every line is written.
      if (is_type(filter.extension_filter().typed_config(), kExpression)) {
        out.kind = Kind::all_of;
        break;
      }
      errors.add("extension_filter.typed_config",
                 fmt::format("filter '{}' of type '{}' is not supported by Outrigger",
                             filter.extension_filter().name(),
                             filter.extension_filter().typed_config().type_url()));
      break;
    case AccessLogFilter::FILTER_SPECIFIER_NOT_SET:
      errors.add("", "names no kind of filter");
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
