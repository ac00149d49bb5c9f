// /stats?format=json: {"stats":[{"name":..,"value":..},...,{"histograms":..}]}.
#include <charconv>
#include <cmath>
#include <iterator>

#include "fmt/format.h"

#include "proxy/observe/json_escape.h"
#include "proxy/observe/stat_rows.h"
#include "proxy/observe/stats_render.h"

namespace outrigger::observe {
namespace {

void append_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "null";
    return;
  }
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_name(std::string_view name, std::string& out) {
  out += "{\"name\":\"";
  append_json_escaped(name, out);
  out += '"';
}

void append_quantiles(const HistogramSummary& interval, const HistogramSummary& total,
                      std::string& out) {
  const char* separator = "";
  for (double percent : kQuantiles) {
    out += separator;
    out += "{\"cumulative\":";
    append_number(total.quantile(percent), out);
    out += ",\"interval\":";
    append_number(interval.quantile(percent), out);
    out += '}';
    separator = ",";
  }
}

void append_buckets(const HistogramSummary& interval, const HistogramSummary& total,
                    std::span<const double> bounds, bool disjoint, std::string& out) {
  uint64_t interval_below = 0, total_below = 0;
  const char* separator = "";
  for (double bound : bounds) {
    uint64_t i = interval.count_up_to(bound), t = total.count_up_to(bound);
    fmt::format_to(std::back_inserter(out), "{}{{\"upper_bound\":", separator);
    append_number(bound, out);
    fmt::format_to(std::back_inserter(out), ",\"interval\":{},\"cumulative\":{}}}",
                   i - interval_below, t - total_below);
    if (disjoint) interval_below = i, total_below = t;
    separator = ",";
  }
}

void append_bins(const HistogramSummary& summary, std::string& out) {
  const char* separator = "";
  for (const HistogramSummary::Bin& bin : summary.bins()) {
    out += separator;
    out += "{\"lower_bound\":";
    append_number(HistogramSummary::bin_low(bin.index), out);
    out += ",\"width\":";
    append_number(HistogramSummary::bin_width(bin.index), out);
    fmt::format_to(std::back_inserter(out), ",\"count\":{}}}", bin.count);
    separator = ",";
  }
}

class JsonRender : public StatsRender {
 public:
  JsonRender(const StatsStore& store, const StatsQuery& query)
      : query_(query),
        names_(store.shared_names()),
        texts_(store, query, StatRows::Kind::texts),
        numbers_(store, query, StatRows::Kind::numbers),
        histograms_(store, query, StatRows::Kind::histograms) {}

  bool next(std::string& out) override {
    size_t end = out.size() + kPieceBytes;
    if (!begun_) out += "{\"stats\":[";
    begun_ = true;
    while (out.size() < end) {
      if (texts_left_) {
        texts_left_ = texts_.next(rows_);
        for (const StatRow& row : rows_) append_text(row, out);
      } else if (numbers_left_) {
        numbers_left_ = numbers_.next(rows_);
        for (const StatRow& row : rows_) append_value(row, out);
      } else if (histograms_.next(rows_)) {
        for (const StatRow& row : rows_) append_histogram(row, out);
      } else {
        if (in_histograms_) out += has_header() ? "]}}" : "]}";
        out += "]}";
        return false;
      }
    }
    return true;
  }

 private:
  bool has_buckets() const {
    return query_.buckets == StatsQuery::Buckets::cumulative ||
           query_.buckets == StatsQuery::Buckets::disjoint;
  }
  // Quantiles are named once, before the histograms; buckets name themselves.
  bool has_header() const { return !has_buckets(); }
  bool detailed() const { return query_.buckets == StatsQuery::Buckets::detailed; }

  void append_text(const StatRow& row, std::string& out) {
    if (any_) out += ',';
    any_ = true;
    append_name(row.name, out);
    out += ",\"value\":\"";
    append_json_escaped(row.scope->text(*row.field), out);
    out += "\"}";
  }

  void append_value(const StatRow& row, std::string& out) {
    if (any_) out += ',';
    any_ = true;
    append_name(row.name, out);
    out += ",\"value\":";
    fmt::format_int value(row.value);
    out.append(value.data(), value.size());
    out += '}';
  }

  void begin_histograms(std::string& out) {
    if (any_) out += ',';
    any_ = true;
    if (!has_header()) {
      out += "{\"histograms\":[";
      return;
    }
    out += detailed() ? "{\"histograms\":{\"supported_percentiles\":["
                      : "{\"histograms\":{\"supported_quantiles\":[";
    const char* separator = "";
    for (double percent : kQuantiles) {
      out += separator;
      append_number(percent, out);
      separator = ",";
    }
    out += detailed() ? "],\"details\":[" : "],\"computed_quantiles\":[";
  }

  void append_histogram(const StatRow& row, std::string& out) {
    if (in_histograms_) {
      out += ',';
    } else {
      begin_histograms(out);
    }
    in_histograms_ = true;
    HistogramSummary total = row.scope->histogram(*row.field);
    HistogramSummary interval = row.scope->histogram_interval(*row.field);
    append_name(row.name, out);
    if (has_buckets()) {
      out += ",\"buckets\":[";
      append_buckets(interval, total, names_->buckets(row.name),
                     query_.buckets == StatsQuery::Buckets::disjoint, out);
    } else if (detailed()) {
      out += ",\"totals\":[";
      append_bins(total, out);
      out += "],\"intervals\":[";
      append_bins(interval, out);
      out += "],\"percentiles\":[";
      append_quantiles(interval, total, out);
    } else {
      out += ",\"values\":[";
      append_quantiles(interval, total, out);
    }
    out += "]}";
  }

  StatsQuery query_;
  std::shared_ptr<const StatNames> names_;
  StatRows texts_;
  StatRows numbers_;
  StatRows histograms_;
  bool begun_ = false;
  bool texts_left_ = true;
  bool numbers_left_ = true;
  bool any_ = false;
  bool in_histograms_ = false;
  std::vector<StatRow> rows_;
};

}  // namespace

std::unique_ptr<StatsRender> render_stats_json(const StatsStore& store, const StatsQuery& query) {
  return std::make_unique<JsonRender>(store, query);
}

}  // namespace outrigger::observe
