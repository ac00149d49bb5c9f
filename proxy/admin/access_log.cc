#include "proxy/admin/access_log.h"

#include "fmt/format.h"

namespace outrigger::admin {
namespace {

void put_facts(const Exchange& exchange, StreamInfo& info) {
  info.protocol = exchange.protocol;
  info.start_time = exchange.start_time;
  info.start = exchange.start;
  MonotonicTime now = std::chrono::steady_clock::now();
  info.request_end = exchange.start;  // pages are asked when the whole request is there
  info.response_last_sent = now;
  info.end = now;
  info.request_body_bytes = exchange.request_body_bytes;
  info.response_body_bytes = exchange.response_body_bytes;
  info.downstream_remote = exchange.remote;
  info.response_code = exchange.status;
}

}  // namespace

AdminAccessLog::AdminAccessLog(const std::vector<config::AccessLog>& logs,
                               observe::LogWriter& writer)
    : sink_(StatsScope::kMainThread, logs, writer) {}

void AdminAccessLog::write(const Exchange& exchange) {
  Arena arena(chunks_);
  http::HeaderMap request(arena);
  http::HeaderMap response(arena);
  for (const auto& [name, value] : exchange.request_headers) request.add_copy(name, value);
  response.add_copy(":status", fmt::format_int(exchange.status).str());
  response.add_copy("content-type", exchange.content_type);
  DownstreamConnectionInfo connection;
  connection.direct_remote = exchange.remote;
  connection.remote = exchange.remote;
  connection.local = exchange.local;
  connection.listener_name = "admin";
  StreamInfo info;
  info.connection = &connection;
  put_facts(exchange, info);
  observe::LogContext context{.info = info, .request = &request, .response = &response};
  context.type = observe::AccessLogType::downstream_end;
  sink_.log(context);
}

}  // namespace outrigger::admin
