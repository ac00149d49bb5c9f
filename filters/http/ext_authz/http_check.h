// The HTTP form of a check: the request's head (and body) to the service, its status as the answer.
// Thread: the stream's worker; pure.
#pragma once

#include <string_view>

#include "api/filter/http_filter.h"
#include "api/http/async_client.h"
#include "filters/http/ext_authz/answer.h"
#include "filters/http/ext_authz/settings.h"

namespace outrigger::filters::ext_authz {

// The body that the service is shown.
struct ShownBody {
  std::string_view text;
  bool shown = false;    // the filter looks at bodies
  bool partial = false;  // there is more of it
};

http::AsyncRequest make_http_check(FilterContext& context, const Settings& settings,
                                   const ShownBody& body);
Answer read_http_answer(const http::AsyncResponse& response, const Settings& settings);

}  // namespace outrigger::filters::ext_authz
