// Whether a message fulfils a condition on one of its headers: the one implementation for routes,
// access logs, retries and filters. Pure.
// Of several fields of one name, one that matches is enough; of a header that a message has once,
// several fields are one value joined with ",". A missing header matches nothing but
// `present_match: false`, inverted or not.
#pragma once

#include "api/config/route_match.h"
#include "api/http/header_map.h"

namespace outrigger::config {

bool matches(const HeaderMatch& match, const http::HeaderMap& headers);

}  // namespace outrigger::config
