// Admission: what must hold of a request before filters and routes see it: host, path
// normalisation, host clean-up. In this order, so that access control, routing and the upstream see
// the same thing. https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/
#pragma once

#include <optional>

#include "api/config/http_connection_manager.h"
#include "api/filter/verdict.h"
#include "api/http/header_map.h"
#include "api/stats_http.h"

namespace outrigger::stream {

struct Refusal {
  LocalReply reply;
  std::string_view location = {};  // a redirect when not empty
};

// nullopt: go on. Changes :path and :authority as the configuration asks.
std::optional<Refusal> admit_request(const config::HttpConnectionManager& config,
                                     uint16_t local_port, http::HeaderMap& headers,
                                     HttpStats& stats);

}  // namespace outrigger::stream
