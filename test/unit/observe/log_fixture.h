// One finished request as access-log tests see it: 2016-04-15T20:17:00.310Z, 226 ms, answered
// by 10.0.2.1:80.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/arena.h"
#include "api/config/cluster.h"
#include "api/config/route.h"
#include "api/config/substitution.h"
#include "proxy/observe/substitution.h"

namespace outrigger::observe {

using config::LogCommand;
using config::LogField;

inline LogCommand literal(std::string text) {
  return {LogField::literal, std::move(text), "", {}};
}
inline LogCommand command(LogField field, std::string text = "", std::string alternative = "") {
  return {field, std::move(text), std::move(alternative), {}};
}

class LogFixture {
 public:
  LogFixture() {
    using std::chrono::milliseconds;
    connection.id = 17;
    connection.direct_remote = *net::Address::from_ip("192.168.1.9", 40000);
    connection.local = *net::Address::from_ip("::1", 8080);
    info.connection = &connection;
    info.protocol = http::Protocol::http2;
    info.start_time = SystemTime(milliseconds(1460751420310));
    info.start = MonotonicTime(milliseconds(1000));
    info.request_end = info.start + milliseconds(3);
    info.upstream_first_sent = info.start + milliseconds(4);
    info.upstream_last_sent = info.start + milliseconds(5);
    info.upstream_first_received = info.start + milliseconds(100);
    info.upstream_last_received = info.start + milliseconds(200);
    info.response_first_sent = info.start + milliseconds(101);
    info.response_last_sent = info.start + milliseconds(226);
    info.end = info.start + milliseconds(226);
    info.request_body_bytes = 154;
    info.downstream_remote = *net::Address::from_ip("10.0.35.28", 51000);
    info.response_code = 204;
    info.details = "via_upstream";
    info.upstream_remote = *net::Address::from_ip("10.0.2.1", 80);
    info.upstream_cluster = &cluster;
    info.attempt_count = 1;
    info.request_id = "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2";
    cluster.ref.name = "locations";
    request.add(http::HeaderId::method, "POST");
    request.add(http::HeaderId::authority, "locations");
    request.add(http::HeaderId::path, "/api/v1/locations?city=New%20York&zip=1");
    request.add(http::HeaderId::user_agent, "nsq2http");
    request.add(http::HeaderId::x_forwarded_for, "10.0.35.28");
    request.add(http::HeaderId::x_request_id, info.request_id);
    response.add(http::HeaderId::x_envoy_upstream_service_time, "100");
  }

  LogContext context() {
    LogContext c{info};
    c.request = &request;
    c.response = &response;
    c.hostname = "vm-1";
    c.type = AccessLogType::downstream_end;
    return c;
  }
  std::string text(const config::SubstitutionFormat& format, bool omit_empty = false) {
    std::string out(1 << 16, '\0');
    LineBuffer line(out.data(), out.size());
    evaluate(format, omit_empty, context(), scratch, line);
    return std::string(line.view());
  }
  std::string text(LogCommand one) { return text(config::SubstitutionFormat{std::move(one)}); }
  std::string line(const config::LogFormat& format) {
    std::string out(1 << 16, '\0');
    LineBuffer buffer(out.data(), out.size());
    evaluate(format, context(), scratch, buffer);
    return std::string(buffer.view());
  }

  ChunkPool pool;
  Arena arena{pool};
  DownstreamConnectionInfo connection;
  config::Cluster cluster;
  StreamInfo info;
  http::HeaderMap request{arena};
  http::HeaderMap response{arena};
  LogScratch scratch;
};

// Envoy's default format.
inline config::SubstitutionFormat default_text_format() {
  return {literal("["),     command(LogField::start_time),
          literal("] \""),  command(LogField::request_header, ":method"),
          literal(" "),     command(LogField::request_header, "x-envoy-original-path", ":path"),
          literal(" "),     command(LogField::protocol),
          literal("\" "),   command(LogField::response_code),
          literal(" "),     command(LogField::response_flags),
          literal(" "),     command(LogField::bytes_received),
          literal(" "),     command(LogField::bytes_sent),
          literal(" "),     command(LogField::duration),
          literal(" "),     command(LogField::response_header, "x-envoy-upstream-service-time"),
          literal(" \""),   command(LogField::request_header, "x-forwarded-for"),
          literal("\" \""), command(LogField::request_header, "user-agent"),
          literal("\" \""), command(LogField::request_header, "x-request-id"),
          literal("\" \""), command(LogField::request_header, ":authority"),
          literal("\" \""), command(LogField::upstream_host),
          literal("\"\n")};
}

}  // namespace outrigger::observe
