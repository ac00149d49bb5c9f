// ExtAuthzFilter: asks a service whether a request may pass, and does what it says. It is policy:
// without an answer nobody passes, unless configuration says so. Thread: the stream's worker.
// Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter
//
//   headers --no body wanted--> asking          headers --body wanted--> holding --enough--> asking
//   asking --ok--> resume    asking --denied, error--> reply (or resume, if failures are allowed)
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/filter/http_filter.h"
#include "api/grpc/client.h"
#include "api/http/async_client.h"
#include "filters/http/ext_authz/answer.h"
#include "filters/http/ext_authz/http_check.h"
#include "filters/http/ext_authz/settings.h"
#include "filters/http/ext_authz/stats.h"

namespace outrigger::filters::ext_authz {

class ExtAuthzFactory;

class ExtAuthzFilter final : public HttpFilter,
                             private http::AsyncHandler,
                             private grpc::StreamHandler {
 public:
  explicit ExtAuthzFilter(const ExtAuthzFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  void on_stream_end(FilterContext& context) override;

 private:
  bool enabled() const;
  // The reply where the filter is off and nobody passes then.
  bool denied_when_off() const;
  const BodyRule* body_rule() const;
  Verdict ask(std::string_view body, bool partial);
  void ask_grpc(const ShownBody& body);

  void on_async_response(http::AsyncResponse response) override;
  void on_async_failure(http::AsyncFailure failure, std::string_view detail) override;
  void on_message(std::string message) override;
  void on_closed(grpc::Code code, std::string_view message) override;

  void act(Answer answer);
  bool mutations_are_valid(const Answer& answer) const;
  void allow(const Answer& answer);
  void deny(const Answer& answer);
  void charge_cluster(int code);
  void fail(const Answer& answer);
  LocalReply failure_reply(std::string_view cause) const;
  void keep_metadata(const Answer& answer);
  const Settings& settings() const;
  ExtAuthzStats& stats() const;
  // nullptr: the route has no cluster.
  ExtAuthzClusterStats* cluster_stats() const;

  const ExtAuthzFactory& factory_;
  FilterContext* context_ = nullptr;
  const ExtAuthzRouteConfig* route_ = nullptr;
  bool holding_ = false;
  MonotonicTime asked_;
  std::unique_ptr<http::AsyncCall> http_call_;
  std::unique_ptr<grpc::Client> grpc_client_;
  std::unique_ptr<grpc::Stream> grpc_call_;
  std::string message_;  // the service's, until its status comes
  bool has_message_ = false;
  std::vector<FieldEdit> response_edits_;
};

class ExtAuthzFactory final : public HttpFilterFactory {
 public:
  ExtAuthzFactory(Settings settings, std::unique_ptr<Counters> counters)
      : settings_(std::move(settings)), counters_(std::move(counters)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const Settings& settings() const { return settings_; }
  Counters& counters() const { return *counters_; }

 private:
  Settings settings_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace outrigger::filters::ext_authz
