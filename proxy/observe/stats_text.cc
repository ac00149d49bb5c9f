// /stats as text: "name: value" lines: texts, then numbers, then histograms.
#include <iterator>

#include "fmt/format.h"

#include "proxy/observe/stat_rows.h"
#include "proxy/observe/stats_render.h"

namespace outrigger::observe {
namespace {

// " P0(interval,cumulative) P25(...)"
void append_quantiles(const HistogramSummary& interval, const HistogramSummary& total,
                      std::string& out) {
  const char* separator = "";
  for (double percent : kQuantiles) {
    fmt::format_to(std::back_inserter(out), "{}P{}({},{})", separator, percent,
                   interval.quantile(percent), total.quantile(percent));
    separator = " ";
  }
}

// "B0.5(interval,cumulative) B1(...)"; disjoint: each bucket without those below it.
void append_buckets(const HistogramSummary& interval, const HistogramSummary& total,
                    std::span<const double> bounds, bool disjoint, std::string& out) {
  uint64_t interval_below = 0, total_below = 0;
  for (double bound : bounds) {
    uint64_t i = interval.count_up_to(bound), t = total.count_up_to(bound);
    fmt::format_to(std::back_inserter(out), " B{:g}({},{})", bound, i - interval_below,
                   t - total_below);
    if (disjoint) interval_below = i, total_below = t;
  }
}

// "0,0:3, 1,0.1:4": lower bound, width and count of each bin.
void append_bins(const HistogramSummary& summary, std::string& out) {
  const char* separator = "";
  for (const HistogramSummary::Bin& bin : summary.bins()) {
    fmt::format_to(std::back_inserter(out), "{}{},{}:{}", separator,
                   HistogramSummary::bin_low(bin.index), HistogramSummary::bin_width(bin.index),
                   bin.count);
    separator = ", ";
  }
}

void append_histogram(const StatRow& row, const StatsQuery& query, const StatNames& names,
                      std::string& out) {
  HistogramSummary total = row.scope->histogram(*row.field);
  out += row.name;
  if (total.count() == 0) {
    out += ": No recorded values\n";
    return;
  }
  HistogramSummary interval = row.scope->histogram_interval(*row.field);
  switch (query.buckets) {
    case StatsQuery::Buckets::cumulative:
    case StatsQuery::Buckets::disjoint:
      out += ":";
      append_buckets(interval, total, names.buckets(row.name),
                     query.buckets == StatsQuery::Buckets::disjoint, out);
      break;
    case StatsQuery::Buckets::detailed:
      out += ":\n  totals=";
      append_bins(total, out);
      out += "\n  intervals=";
      append_bins(interval, out);
      out += "\n  summary=";
      append_quantiles(interval, total, out);
      break;
    case StatsQuery::Buckets::unset:
    case StatsQuery::Buckets::none:
      out += ": ";
      append_quantiles(interval, total, out);
      break;
  }
  out += '\n';
}

class TextRender : public StatsRender {
 public:
  TextRender(const StatsStore& store, const StatsQuery& query)
      : query_(query),
        names_(store.shared_names()),
        texts_(store, query, StatRows::Kind::texts),
        numbers_(store, query, StatRows::Kind::numbers),
        histograms_(store, query, StatRows::Kind::histograms) {}

  bool next(std::string& out) override {
    size_t end = out.size() + kPieceBytes;
    while (out.size() < end) {
      if (texts_left_) {
        texts_left_ = texts_.next(rows_);
        for (const StatRow& row : rows_) {
          fmt::format_to(std::back_inserter(out), "{}: \"{}\"\n", row.name,
                         row.scope->text(*row.field));
        }
      } else if (numbers_left_) {
        numbers_left_ = numbers_.next(rows_);
        for (const StatRow& row : rows_) {
          out += row.name;
          out += ": ";
          fmt::format_int value(row.value);
          out.append(value.data(), value.size());
          out += '\n';
        }
      } else if (histograms_.next(rows_)) {
        for (const StatRow& row : rows_) append_histogram(row, query_, *names_, out);
      } else {
        return false;
      }
    }
    return true;
  }

 private:
  StatsQuery query_;
  std::shared_ptr<const StatNames> names_;
  StatRows texts_;
  StatRows numbers_;
  StatRows histograms_;
  bool texts_left_ = true;
  bool numbers_left_ = true;
  std::vector<StatRow> rows_;
};

}  // namespace

std::unique_ptr<StatsRender> render_stats_text(const StatsStore& store, const StatsQuery& query) {
  return std::make_unique<TextRender>(store, query);
}

}  // namespace outrigger::observe
