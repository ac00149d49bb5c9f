// RedirectHistory: what a request was redirected to inside the proxy so far, handed from one stream
// to the next. Thread: the stream's worker. Lifetime: the last stream's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"

namespace outrigger::stream {

struct RedirectHistory {
  uint32_t redirects = 0;
  // Routes by name: the redirecting one, and the one that its redirect led to. Few: each costs a
  // redirect.
  std::vector<std::pair<std::string, std::string>> ways;
  std::shared_ptr<const DetourMark> mark;  // of a filter's detour; nullptr: there was none

  // False: it was gone before.
  bool go(std::string_view from, std::string_view to) {
    bool known = std::any_of(ways.begin(), ways.end(), [&](const auto& way) {
      return way.first == from && way.second == to;
    });
    if (!known) ways.emplace_back(from, to);
    return !known;
  }
};

}  // namespace outrigger::stream
