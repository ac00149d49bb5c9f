// A request's head: start line and fields into a HeaderMap with :method, :path, :authority and,
// from an absolute target, :scheme.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api/bytes.h"
#include "api/http/header_map.h"
#include "proxy/http1/error.h"
#include "proxy/http1/fields.h"

namespace outrigger::http1 {

enum class RequestBody : uint8_t {
  none,
  length,
  chunked
};

// Valid in part when parsing failed: what is known by then shapes the answer.
struct RequestHead {
  FieldFacts facts;
  RequestBody body = RequestBody::none;
  bool http10 = false;
  bool is_head = false;
  bool is_connect = false;
  bool upgrade = false;  // asks for another protocol on this connection
  bool keep_alive = true;
};

// `head` ends with an empty line and kScanSlack NULs; it is changed in place and must live as long
// as the map.
HeadError parse_request_head(char* head, const FieldRules& rules, http::HeaderMap& map,
                             RequestHead& out);

// Judges a start line that is not complete yet, each octet once, so that garbage is refused before
// it fills a limit.
class StartLineCheck {
 public:
  // An error: no continuation makes a request of this.
  HeadError feed(Bytes bytes);

 private:
  enum class State : uint8_t {
    method,
    target,
    version,
    done
  };
  HeadError feed(char c);

  State state_ = State::method;
  uint8_t seen_ = 0;      // octets of the method or version so far
  char method_[16] = {};  // longer than any method
};

}  // namespace outrigger::http1
