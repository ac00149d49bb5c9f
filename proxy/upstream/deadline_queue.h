// DeadlineQueue: items in turn, each as often as its weight says: earliest deadline first. What
// weighs w is due every 1/w; its weight is asked for each time that it had its turn. Pure. Thread:
// one worker.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace outrigger::upstream {

template <class Item>
class DeadlineQueue {
 public:
  // `items`: one or more; `weigh(item)` is above 0. `seed` says where in their cycle it begins, so
  // that many workers do not all begin with the same item.
  template <class Weigh>
  DeadlineQueue(const std::vector<Item>& items, uint64_t seed, const Weigh& weigh) {
    size_t first = seed % items.size();
    if (items.size() <= kReplayed) {
      start(items, 0, weigh);
      for (; first > 0; --first) next(weigh);
    } else {
      start(items, first, weigh);
    }
  }

  template <class Weigh>
  Item next(const Weigh& weigh) {
    Entry entry = entries_.front();
    now_ = entry.deadline;
    entry.deadline += 1.0 / weigh(entry.item);
    entry.order = order_++;
    sink(entry);
    return entry.item;
  }

 private:
  // Of so many items the turns before the first one are taken for real, as Envoy does, which makes
  // the order of all turns Envoy's. With more of them it would take long, and a point of time that
  // is as far into the cycle has to do.
  static constexpr size_t kReplayed = 1024;

  template <class Weigh>
  void start(const std::vector<Item>& items, size_t first, const Weigh& weigh) {
    now_ = static_cast<double>(first) / static_cast<double>(items.size());
    entries_.reserve(items.size());
    for (size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[(first + i) % items.size()];
      double weight = weigh(item);
      entries_.push_back({(std::floor(now_ * weight) + 1) / weight, order_++, item});
    }
    std::make_heap(entries_.begin(), entries_.end(), later);
  }

  struct Entry {
    double deadline;
    uint64_t order;  // equal deadlines: first in, first out
    Item item;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.deadline != b.deadline ? a.deadline > b.deadline : a.order > b.order;
  }
  // In the place of the first, down to where it belongs.
  void sink(const Entry& entry) {
    size_t at = 0;
    for (size_t child = 1; child < entries_.size(); child = 2 * at + 1) {
      if (child + 1 < entries_.size() && later(entries_[child], entries_[child + 1])) ++child;
      if (!later(entry, entries_[child])) break;
      entries_[at] = entries_[child];
      at = child;
    }
    entries_[at] = entry;
  }

  double now_ = 0;
  uint64_t order_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace outrigger::upstream
