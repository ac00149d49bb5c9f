// What the echo upstream answers to a request. Thread: any. Pure: no socket, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::echo {

struct Request {
  std::string method;
  std::string target;  // path and query
  std::string protocol;
  std::vector<std::pair<std::string, std::string>> headers;
  uint64_t body_bytes = 0;
};

struct Answer {
  unsigned status = 200;
  std::chrono::milliseconds delay{0};
  std::string content_type = "application/json";
  std::string body;           // sent first
  uint64_t filler_bytes = 0;  // then this many 'x'
  bool close = false;         // HTTP/1: and the connection is closed after it
};

// "/" is answered in plain text, anything else with what was asked as JSON. The query may change
// it:
//   status=503  delay_ms=20  size=65536 (a body of that many bytes)  close=1
Answer answer_to(const Request& request, std::string_view name);

}  // namespace outrigger::echo
