// MissingFilter: stands where a filter is whose configuration has not been discovered yet, and
// answers for it. Thread: the stream's worker. Lifetime: the stream's.
#pragma once

#include "api/filter/http_filter.h"

namespace outrigger::stream {

class MissingFilter final : public HttpFilter {
 public:
  Verdict on_request_headers(FilterContext&, http::HeaderMap&, bool) override {
    LocalReply reply;
    reply.code = 500;
    reply.outcome = {ResponseFlag::no_filter_config_found,
                     {},
                     "the configuration of a filter has not been discovered yet"};
    return Verdict::reply(reply);
  }
};

}  // namespace outrigger::stream
