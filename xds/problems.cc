#include "xds/problems.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"

namespace outrigger::xds {

void Problems::add(std::string line) {
  ++total_;
  if (lines_.size() >= kMax) return;
  // What the configuration says is quoted in many problems, and must not be taken for a line of its
  // own.
  for (char& c : line) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  lines_.push_back(std::move(line));
}

void Problems::add_at(const std::string& path, std::string line) {
  if (paths_.size() < kMax && !paths_.insert(path).second) return;
  add(std::move(line));
}

absl::Status Problems::status() const {
  if (empty()) return absl::OkStatus();
  std::string text = absl::StrJoin(lines_, "\n");
  if (total_ > lines_.size()) text += fmt::format("\n... and {} more", total_ - lines_.size());
  return absl::InvalidArgumentError(text);
}

}  // namespace outrigger::xds
