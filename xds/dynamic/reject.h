// How a compilation's errors become the reason of a NACK. Thread: any.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace outrigger::xds {

// "field path: reason; field path: reason": an error's lines in one.
inline std::string one_sentence(const absl::Status& status) {
  std::string out;
  for (char c : std::string(status.message())) {
    if (c == '\n') {
      out += "; ";
    } else {
      out += c;
    }
  }
  while (out.ends_with("; ")) out.resize(out.size() - 2);
  return out;
}

}  // namespace outrigger::xds
