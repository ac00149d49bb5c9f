// StatsQuery: what a reader of /stats asks for. Parameters, values and error texts are Envoy's:
// https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--stats
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace outrigger::observe {

struct StatsQuery {
  enum class Format : uint8_t {
    text,
    json,
    prometheus
  };
  enum class Type : uint8_t {
    all,
    counters,
    gauges,
    histograms,
    text_readouts
  };
  enum class Buckets : uint8_t {
    unset,
    none,
    cumulative,
    disjoint,
    detailed
  };

  Format format = Format::text;
  Type type = Type::all;
  Buckets buckets = Buckets::unset;  // quantiles; Prometheus: cumulative buckets
  bool used_only = false;
  bool invert_filter = false;
  bool text_readouts = false;              // Prometheus: as gauges, with the text as a label
  std::shared_ptr<const re2::RE2> filter;  // partial match of the name; nullptr: everything

  bool wants_numbers(bool counter) const {
    return type == Type::all || type == (counter ? Type::counters : Type::gauges);
  }
  bool wants_texts() const {
    return format == Format::prometheus ? text_readouts
                                        : type == Type::all || type == Type::text_readouts;
  }
  bool wants_histograms() const { return type == Type::all || type == Type::histograms; }
  const char* content_type() const;
};

// `parameters` are the decoded key=value pairs of the query string; `format` is the page's: /stats
// is text (its format parameter may say another), /stats/prometheus is prometheus. An error is the
// answer's body, with status 400.
absl::StatusOr<StatsQuery> parse_stats_query(
    std::span<const std::pair<std::string, std::string>> parameters, StatsQuery::Format format);

}  // namespace outrigger::observe
