// Problems: what is wrong with a configuration, one line each, in the order found. Thread: any.
// Lifetime: one load.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

namespace outrigger::xds {

class Problems {
 public:
  // Nobody reads more at once, and a file of the wrong kind would yield one for every line.
  static constexpr size_t kMax = 50;

  void add(std::string line);
  // A problem of the field at `path`; a second one of the same field is a consequence of the first,
  // and is left out.
  void add_at(const std::string& path, std::string line);
  bool empty() const { return total_ == 0; }
  // What is added now is only counted.
  bool full() const { return lines_.size() >= kMax; }
  size_t total() const { return total_; }
  // At most kMax.
  const std::vector<std::string>& lines() const { return lines_; }
  // OK, or InvalidArgument with all lines, the last of which counts those left out.
  absl::Status status() const;

 private:
  std::vector<std::string> lines_;
  absl::flat_hash_set<std::string> paths_;
  size_t total_ = 0;
};

}  // namespace outrigger::xds
