// A response's head: status line and fields into a HeaderMap with :status.
#pragma once

#include <cstdint>

#include "api/bytes.h"
#include "api/http/header_map.h"
#include "proxy/http1/error.h"
#include "proxy/http1/fields.h"

namespace outrigger::http1 {

enum class ResponseBody : uint8_t {
  none,
  length,
  chunked,
  until_close,
  tunnel
};

// What was asked, which decides how the answer is framed.
struct RequestKind {
  bool is_head = false;
  bool is_connect = false;
  bool upgrade = false;
};

struct ResponseHead {
  FieldFacts facts;
  ResponseBody body = ResponseBody::none;
  int status = 0;
  bool http10 = false;
  bool keep_alive = true;
};

// `head` ends with an empty line and kScanSlack NULs; it is changed in place and must live as long
// as the map.
HeadError parse_response_head(char* head, const FieldRules& rules, RequestKind request,
                              http::HeaderMap& map, ResponseHead& out);

// Whether `bytes` may begin a response; so that another protocol is refused before it fills a
// limit.
bool may_begin_response(Bytes bytes);

}  // namespace outrigger::http1
