#include "proxy/stream/attempt_log.h"

#include "proxy/stream/http_service.h"
#include "proxy/stream/response_codes.h"

namespace outrigger::stream {
namespace {

using config::AccessLogType;
using runtime::Timer;

// What the client's side and the route say is the stream's.
void take_downstream(const StreamInfo& from, StreamInfo& to) {
  to.connection = from.connection;
  to.protocol = from.protocol;
  to.request_end = from.request_end;
  to.downstream_wire = from.downstream_wire;
  to.downstream_remote = from.downstream_remote;
  to.request_id = from.request_id;
  to.virtual_host = from.virtual_host;
  to.route = from.route;
  to.health_check = from.health_check;
}

void take_upstream(const StreamInfo& from, StreamInfo& to) {
  to.upstream_first_sent = from.upstream_first_sent;
  to.upstream_last_sent = from.upstream_last_sent;
  to.upstream_first_received = from.upstream_first_received;
  to.upstream_last_received = from.upstream_last_received;
  to.upstream_first_body = from.upstream_first_body;
  to.upstream_connect_start = from.upstream_connect_start;
  to.upstream_connect_end = from.upstream_connect_end;
  to.upstream_handshake_end = from.upstream_handshake_end;
  to.upstream_pool_ready = from.upstream_pool_ready;
  to.upstream_cluster = from.upstream_cluster;
  to.upstream_remote = from.upstream_remote;
  to.upstream_local = from.upstream_local;
  to.upstream_hostname = from.upstream_hostname;
  to.upstream_protocol = from.upstream_protocol;
  to.upstream_connection_id = from.upstream_connection_id;
  to.upstream_endpoint = from.upstream_endpoint;
  to.upstream_tls = from.upstream_tls;
  to.upstream_transport_failure_reason = from.upstream_transport_failure_reason;
  to.attempt_count = from.attempt_count;
  to.first_attempt = from.first_attempt;
  to.last_attempt = from.last_attempt;
}

}  // namespace

AttemptLog::AttemptLog(HttpService& service, const StreamInfo& stream,
                       const http::HeaderMap& request)
    : service_(service),
      stream_(stream),
      request_(request),
      timer_(service.services().loop.timers(), Timer::call<&AttemptLog::on_interval, AttemptLog>(),
             this) {}

void AttemptLog::begin() {
  end();
  open_ = true;
  response_ = nullptr;
  trailers_ = nullptr;
  flags_ = {};
  body_sent_ = body_received_ = 0;
  start_ = service_.services().loop.now();
  start_time_ = service_.services().loop.system_now();
  auto interval = service_.router_options().upstream_log_interval;
  if (interval.count() > 0) timer_.start(interval);
}

void AttemptLog::on_stream() {
  if (open_ && service_.router_options().log_on_upstream_stream)
    log(AccessLogType::upstream_pool_ready);
}

void AttemptLog::on_interval() {
  if (!open_) return;
  log(AccessLogType::upstream_periodic);
  timer_.start(service_.router_options().upstream_log_interval);
}

void AttemptLog::end() {
  if (!open_) return;
  open_ = false;
  timer_.cancel();
  log(AccessLogType::upstream_end);
}

// As Envoy sees it: what an attempt sends went upstream, what it receives came from there.
void AttemptLog::log(AccessLogType type) {
  StreamInfo info;
  take_downstream(stream_, info);
  take_upstream(stream_, info);
  info.start = start_;
  info.start_time = start_time_;
  if (type == AccessLogType::upstream_end) info.end = service_.services().loop.now();
  if (response_ != nullptr) info.response_code = status_of(*response_);
  info.flags = flags_;
  info.response_body_bytes = body_sent_;
  info.request_body_bytes = body_received_;
  info.upstream_wire = stream_.upstream_wire;  // of all attempts so far
  observe::LogContext context{info, &request_, response_, trailers_};
  context.type = type;
  context.hostname = service_.services().hostname;
  context.runtime = service_.services().runtime.get();
  service_.upstream_log().log(context);
}

}  // namespace outrigger::stream
