// Access logs: what one request pays on its worker for one line, in text and in JSON, evaluated and
// handed to the writer.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "api/arena.h"
#include "api/config/cluster.h"
#include "api/config/substitution.h"
#include "proxy/observe/access_log_sink.h"
#include "proxy/observe/http_date.h"
#include "proxy/observe/stats_store.h"
#include "proxy/observe/substitution.h"

namespace outrigger::observe {
namespace {

using config::JsonFormat;
using config::LogCommand;
using config::LogField;
using config::SubstitutionFormat;

LogCommand literal(std::string text) {
  return {LogField::literal, std::move(text), "", {}};
}
LogCommand command(LogField field, std::string text = "", std::string alternative = "") {
  return {field, std::move(text), std::move(alternative), {}};
}

// Envoy's default format.
SubstitutionFormat default_format() {
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

// The same values as members of one object.
config::LogFormat json_format() {
  JsonFormat::Object object;
  for (const LogCommand& each : default_format()) {
    if (each.field == LogField::literal) continue;
    object.emplace_back("member_" + std::to_string(object.size()),
                        JsonFormat{SubstitutionFormat{each}});
  }
  config::LogFormat format;
  format.format = JsonFormat{std::move(object)};
  return format;
}

struct Request {
  Request() {
    info.connection = &connection;
    info.protocol = http::Protocol::http11;
    info.start_time = std::chrono::system_clock::now();
    info.start = std::chrono::steady_clock::now();
    info.end = info.start + std::chrono::milliseconds(12);
    info.response_code = 200;
    info.response_body_bytes = 1024;
    info.upstream_remote = *net::Address::from_ip("10.42.17.201", 9080);
    info.request_id = "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2";
    request.add(http::HeaderId::method, "GET");
    request.add(http::HeaderId::authority, "reviews.default.svc.cluster.local:9080");
    request.add(http::HeaderId::path, "/reviews/0?limit=20");
    request.add(http::HeaderId::user_agent, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    request.add(http::HeaderId::x_forwarded_for, "10.0.35.28");
    request.add(http::HeaderId::x_request_id, info.request_id);
    response.add(http::HeaderId::x_envoy_upstream_service_time, "11");
  }
  LogContext context() {
    LogContext c{info};
    c.request = &request;
    c.response = &response;
    return c;
  }

  ChunkPool pool;
  Arena arena{pool};
  DownstreamConnectionInfo connection;
  StreamInfo info;
  http::HeaderMap request{arena};
  http::HeaderMap response{arena};
};

void evaluate_lines(benchmark::State& state, const config::LogFormat& format) {
  Request request;
  TimeText times;
  LogScratch scratch;
  LogContext context = request.context();
  context.times = &times;
  std::vector<char> memory(1 << 16);
  size_t bytes = 0;
  for (auto _ : state) {
    LineBuffer line(memory.data(), memory.size());
    evaluate(format, context, scratch, line);
    bytes = line.size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

void BM_DefaultLine(benchmark::State& state) {
  config::LogFormat format;
  format.format = default_format();
  evaluate_lines(state, format);
}
BENCHMARK(BM_DefaultLine);

void BM_JsonLine(benchmark::State& state) {
  evaluate_lines(state, json_format());
}
BENCHMARK(BM_JsonLine);

// The worker's side with the background thread writing to /dev/null beside it.
void BM_LogARequest(benchmark::State& state) {
  StatsStore store;
  LogWriter writer(store);
  config::LogFormat format;
  format.format = default_format();
  std::vector<config::AccessLog> logs = {{"/dev/null", format, nullptr}};
  StatsScopePtr stats = store.scope<FilesystemStats>("filesystem.");
  {
    AccessLogSink sink(0, logs, writer);
    Request request;
    LogContext context = request.context();
    for (auto _ : state) sink.log(context);
  }
  state.counters["dropped"] =
      static_cast<double>(stats->local<FilesystemStats>(0).write_dropped.value());
}
BENCHMARK(BM_LogARequest);

void BM_HeaderValue(benchmark::State& state) {
  Request request;
  LogContext context = request.context();
  SubstitutionFormat format = {command(LogField::downstream_remote_address_without_port)};
  request.info.downstream_remote = *net::Address::from_ip("10.0.35.28", 51000);
  for (auto _ : state) {
    Arena arena(request.pool);
    benchmark::DoNotOptimize(evaluate_to_arena(format, context, arena));
  }
}
BENCHMARK(BM_HeaderValue);

void BM_HttpDate(benchmark::State& state) {
  HttpDate date;
  SystemTime now = std::chrono::system_clock::now();
  for (auto _ : state) benchmark::DoNotOptimize(date.at(now));
}
BENCHMARK(BM_HttpDate);

}  // namespace
}  // namespace outrigger::observe
