// Headers of which a message has one field at most: several on the wire mean one value joined with
// ",". Of other headers every field is a value of its own. The difference shows in header
// conditions and where a value is appended.
#pragma once

#include "api/http/header_name.h"

namespace outrigger::http {

constexpr bool is_single_field(HeaderId id) {
  switch (id) {
    case HeaderId::other:
    case HeaderId::cookie:
    case HeaderId::set_cookie:
    case HeaderId::etag:
    case HeaderId::vary:
    case HeaderId::retry_after:
    case HeaderId::trailer:
    case HeaderId::http2_settings:
      return false;
    default:
      return true;
  }
}

}  // namespace outrigger::http
