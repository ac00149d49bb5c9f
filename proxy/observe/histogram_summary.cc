#include "proxy/observe/histogram_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrigger::observe {
namespace {

constexpr double kDefaultBuckets[] = {0.5,   1,     5,     10,      25,     50,    100,
                                      250,   500,   1000,  2500,    5000,   10000, 30000,
                                      60000, 3e+05, 6e+05, 1.8e+06, 3.6e+06};

}  // namespace

std::span<const double> default_buckets() {
  return kDefaultBuckets;
}

void HistogramSummary::add(const Histogram& shard) {
  if (shard.count() == 0) return;
  std::vector<Bin> merged;
  auto mine = bins_.begin();
  shard.for_each_bin([&](unsigned index, uint64_t n) {
    count_ += n;  // not shard.count(): its worker may be between the two
    while (mine != bins_.end() && mine->index < index) merged.push_back(*mine++);
    if (mine != bins_.end() && mine->index == index) n += (mine++)->count;
    merged.push_back({static_cast<uint16_t>(index), n});
  });
  merged.insert(merged.end(), mine, bins_.end());
  bins_ = std::move(merged);
  sum_ += shard.sum();
}

HistogramSummary HistogramSummary::since(const HistogramSummary& earlier) const {
  HistogramSummary out;
  auto old = earlier.bins_.begin();
  for (const Bin& bin : bins_) {
    uint64_t n = bin.count;
    while (old != earlier.bins_.end() && old->index < bin.index) ++old;
    if (old != earlier.bins_.end() && old->index == bin.index) n -= std::min(n, old->count);
    if (n != 0) out.bins_.push_back({bin.index, n});
    out.count_ += n;
  }
  out.sum_ = sum_ - std::min(sum_, earlier.sum_);
  return out;
}

double HistogramSummary::quantile(double percent) const {
  if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
  auto rank = static_cast<uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  rank = std::clamp<uint64_t>(rank, 1, count_);
  for (const Bin& bin : bins_) {
    if (rank <= bin.count) {
      double share = static_cast<double>(rank) / static_cast<double>(bin.count + 1);
      return bin_low(bin.index) + bin_width(bin.index) * share;
    }
    rank -= bin.count;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

uint64_t HistogramSummary::count_up_to(double bound) const {
  uint64_t n = 0;
  for (const Bin& bin : bins_) {
    if (bin_low(bin.index) > bound) break;
    n += bin.count;
  }
  return n;
}

double HistogramSummary::bin_width(unsigned index) {
  if (index == 0) return 0;
  if (index < 10) return 0.1;
  double width = 1;
  for (unsigned decade = (index - 10) / 90; decade > 0; --decade) width *= 10;
  return width;
}

}  // namespace outrigger::observe
