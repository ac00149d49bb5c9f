#include "proxy/observe/stats_query.h"

#include <optional>

#include "fmt/format.h"
#include "re2/re2.h"

namespace outrigger::observe {
namespace {

using Format = StatsQuery::Format;
using Type = StatsQuery::Type;
using Buckets = StatsQuery::Buckets;

template <class T>
struct Choice {
  std::string_view text;
  T value;
};

constexpr Choice<Format> kFormats[] = {
    {"text", Format::text}, {"json", Format::json}, {"prometheus", Format::prometheus}};
constexpr Choice<Type> kTypes[] = {{"All", Type::all},
                                   {"Counters", Type::counters},
                                   {"Gauges", Type::gauges},
                                   {"Histograms", Type::histograms},
                                   {"TextReadouts", Type::text_readouts}};
constexpr Choice<Buckets> kBuckets[] = {{"none", Buckets::none},
                                        {"summary", Buckets::none},
                                        {"cumulative", Buckets::cumulative},
                                        {"disjoint", Buckets::disjoint},
                                        {"detailed", Buckets::detailed}};

template <class T, size_t N>
bool choose(const Choice<T> (&choices)[N], std::string_view text, T& out) {
  for (const Choice<T>& choice : choices) {
    if (choice.text == text) {
      out = choice.value;
      return true;
    }
  }
  return false;
}

absl::Status set_filter(const std::string& pattern, StatsQuery& query) {
  auto regex = std::make_shared<const RE2>(pattern, RE2::Quiet);
  if (!regex->ok()) {
    return absl::InvalidArgumentError(fmt::format("Invalid re2 regex: {}", regex->error()));
  }
  if (!pattern.empty()) query.filter = std::move(regex);
  return absl::OkStatus();
}

}  // namespace

const char* StatsQuery::content_type() const {
  return format == Format::json ? "application/json" : "text/plain; charset=UTF-8";
}

absl::StatusOr<StatsQuery> parse_stats_query(
    std::span<const std::pair<std::string, std::string>> parameters, StatsQuery::Format format) {
  StatsQuery query;
  query.format = format;
  for (const auto& [key, value] : parameters) {
    if (key == "usedonly") {
      query.used_only = true;
    } else if (key == "text_readouts") {
      query.text_readouts = true;
    } else if (key == "filter") {
      if (absl::Status status = set_filter(value, query); !status.ok()) return status;
    } else if (key == "invert_filter") {
      query.invert_filter = true;
    } else if (key == "type") {
      if (!choose(kTypes, value, query.type)) {
        return absl::InvalidArgumentError("invalid &type= param");
      }
    } else if (key == "format") {
      if (!choose(kFormats, value, query.format)) {
        return absl::InvalidArgumentError(
            "usage: /stats?format=(html|active-html|json|prometheus|text)\n\n");
      }
    } else if (key == "histogram_buckets") {
      if (!choose(kBuckets, value, query.buckets)) {
        return absl::InvalidArgumentError(
            "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)\n");
      }
    }
  }
  if (query.invert_filter && query.filter == nullptr) {
    return absl::InvalidArgumentError("invert_filter can only be used if filter is also provided");
  }
  return query;
}

}  // namespace outrigger::observe
