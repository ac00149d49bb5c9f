// HistogramSummary: one histogram summed over its shards: what readers print of it.
// A value type. Bins, quantiles and bucket counts are those of Envoy's log-linear histograms: a
// value is known to two significant digits, and quantiles are interpolated inside a bin.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "api/stats.h"

namespace outrigger::observe {

// The quantiles that are printed, in per cent.
inline constexpr double kQuantiles[] = {0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 100};

// Upper bounds of the buckets where histogram_bucket_settings names no others (milliseconds).
std::span<const double> default_buckets();

class HistogramSummary {
 public:
  struct Bin {
    uint16_t index;
    uint64_t count;
  };

  void add(const Histogram& shard);
  // What came in since `earlier`, an older summary of the same histogram.
  HistogramSummary since(const HistogramSummary& earlier) const;

  uint64_t count() const { return count_; }
  // The sum of the exact values, not of the bins' middles.
  uint64_t sum() const { return sum_; }
  // Bins with values, lowest first.
  std::span<const Bin> bins() const { return bins_; }

  // NaN without values. `percent` is one of kQuantiles.
  double quantile(double percent) const;
  // How many values are in bins that begin at or below `bound`.
  uint64_t count_up_to(double bound) const;

  static double bin_low(unsigned index) { return static_cast<double>(Histogram::bin_low(index)); }
  // 0 for the bin of zeros, a tenth for 1..9: the width of a two-digit bin.
  static double bin_width(unsigned index);

 private:
  std::vector<Bin> bins_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace outrigger::observe
