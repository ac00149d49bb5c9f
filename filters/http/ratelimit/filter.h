// RateLimitFilter: asks a service whether there were too many requests like this one. Thread: the
// stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter
//
//   headers --descriptors--> asking --ok--> resume
//   asking --over the limit--> reply    asking --error--> resume, or reply if failures deny
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/grpc/client.h"
#include "filters/http/ratelimit/messages.h"
#include "filters/http/ratelimit/settings.h"
#include "filters/http/ratelimit/stats.h"

namespace outrigger::filters::ratelimit {

class RateLimitFactory;

class RateLimitFilter final : public HttpFilter, private grpc::StreamHandler {
 public:
  explicit RateLimitFilter(const RateLimitFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  void on_stream_end(FilterContext& context) override;

 private:
  bool concerns(const http::HeaderMap& headers) const;
  std::vector<RateLimitDescriptor> describe() const;
  void ask(const std::vector<RateLimitDescriptor>& descriptors);
  void on_message(std::string message) override;
  void on_closed(grpc::Code code, std::string_view message) override;
  void act();
  void refuse();
  void fail();
  const Settings& settings() const;
  // nullptr: the route's cluster is not there.
  RateLimitStats* stats() const;

  const RateLimitFactory& factory_;
  FilterContext* context_ = nullptr;
  const RateLimitRouteConfig* route_ = nullptr;
  std::unique_ptr<grpc::Client> client_;
  std::unique_ptr<grpc::Stream> call_;
  std::string message_;
  bool has_message_ = false;
  std::optional<LimitAnswer> answer_;
};

class RateLimitFactory final : public HttpFilterFactory {
 public:
  RateLimitFactory(Settings settings, std::unique_ptr<Counters> counters)
      : settings_(std::move(settings)), counters_(std::move(counters)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const Settings& settings() const { return settings_; }
  Counters& counters() const { return *counters_; }

 private:
  Settings settings_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace outrigger::filters::ratelimit
