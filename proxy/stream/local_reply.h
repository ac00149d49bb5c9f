// Local replies: a response made by the proxy itself, as HTTP or as gRPC, reshaped by
// local_reply_config. Pure but for the arena.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/local_reply
#pragma once

#include "api/config/http_connection_manager.h"
#include "api/filter/verdict.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/route/header_mutation.h"

namespace outrigger::stream {

struct LocalReplyRequest {
  const LocalReply& reply;
  const config::LocalReplyConfig* config = nullptr;
  StreamInfo& info;  // response_code is set: mappers and formats may ask for it
  const http::HeaderMap* request = nullptr;
  route::ValueSource& values;
  bool grpc = false;
  bool head = false;
};

struct LocalResponse {
  http::HeaderMap* headers;
  std::string_view body;
};

LocalResponse make_local_response(const LocalReplyRequest& request, Arena& arena);

// The gRPC status that stands for an HTTP status.
int grpc_status_of(int http_status);

}  // namespace outrigger::stream
