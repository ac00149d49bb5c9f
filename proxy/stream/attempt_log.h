// AttemptLog: the router's own access log (upstream_log): one line for each attempt at an upstream,
// and more where the options ask for them. Made only where a router has such logs.
// Thread: the stream's worker. Lifetime: in the stream's arena, a member of its Router.
#pragma once

#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/observe/access_log_sink.h"
#include "proxy/runtime/timer_wheel.h"

namespace outrigger::stream {

class HttpService;
struct WorkerServices;

class AttemptLog {
 public:
  // `stream` is what the attempts are made for.
  AttemptLog(HttpService& service, const StreamInfo& stream, const http::HeaderMap& request);
  AttemptLog(const AttemptLog&) = delete;
  AttemptLog& operator=(const AttemptLog&) = delete;

  // An attempt begins; the one before it has ended.
  void begin();
  void on_stream();  // it got a stream of a connection
  void on_response(const http::HeaderMap& headers) { response_ = &headers; }
  void on_trailers(const http::HeaderMap& trailers) { trailers_ = &trailers; }
  void on_failure(ResponseFlags flags) { flags_.merge(flags); }
  void add_sent(size_t body_octets) { body_sent_ += body_octets; }
  void add_received(size_t body_octets) { body_received_ += body_octets; }
  void end();

 private:
  void log(config::AccessLogType type);
  void on_interval();

  HttpService& service_;
  const StreamInfo& stream_;
  const http::HeaderMap& request_;
  const http::HeaderMap* response_ = nullptr;
  const http::HeaderMap* trailers_ = nullptr;
  SystemTime start_time_;
  MonotonicTime start_;
  ResponseFlags flags_;
  uint64_t body_sent_ = 0;
  uint64_t body_received_ = 0;
  bool open_ = false;
  runtime::Timer timer_;
};

}  // namespace outrigger::stream
