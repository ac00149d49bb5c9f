// GrpcStatsFilter: counts gRPC calls, their messages and their statuses. Thread: the stream's
// worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_stats_filter
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "filters/http/grpc_stats/message_counter.h"
#include "filters/http/grpc_stats/settings.h"
#include "filters/http/grpc_stats/stats.h"

namespace outrigger::filters::grpc_stats {

class GrpcStatsFactory;

class GrpcStatsFilter final : public HttpFilter {
 public:
  explicit GrpcStatsFilter(const GrpcStatsFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  void find_stats(FilterContext& context, std::string_view path);
  void count_status(FilterContext& context, const http::HeaderMap& headers);
  void note_messages(FilterContext& context);

  const GrpcStatsFactory& factory_;
  GrpcStats* stats_ = nullptr;  // nullptr: the call is not counted
  MessageCounter requests_, responses_;
  bool grpc_request_ = false;
  bool grpc_response_ = false;
};

class GrpcStatsFactory final : public HttpFilterFactory {
 public:
  GrpcStatsFactory(Settings settings, std::unique_ptr<Scopes> scopes)
      : settings_(std::move(settings)), scopes_(std::move(scopes)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const Settings& settings() const { return settings_; }
  Scopes& scopes() const { return *scopes_; }

 private:
  Settings settings_;
  std::unique_ptr<Scopes> scopes_;
};

}  // namespace outrigger::filters::grpc_stats
