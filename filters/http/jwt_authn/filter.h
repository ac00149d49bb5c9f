// JwtFilter: lets a request pass if it carries the tokens that its rule asks for. Thread: the
// stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter
//
//   headers --keys there--> judged: next or reply
//   headers --keys missing--> fetching, one source after the other --last--> judged: resume or
//   reply
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/http/async_client.h"
#include "filters/http/jwt_authn/settings.h"
#include "filters/http/jwt_authn/stats.h"

namespace outrigger::filters::jwt_authn {

class JwtFactory;

class JwtFilter final : public HttpFilter, private http::AsyncHandler {
 public:
  explicit JwtFilter(const JwtFactory& factory) : factory_(factory) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  void on_stream_end(FilterContext& context) override;

 private:
  // nullptr: the request needs no token. `unknown`: the route names a requirement that is not
  // there.
  const Requirement* find_requirement(FilterContext& context, const JwtRouteConfig*& unknown) const;
  LocalReply refuse_unknown(const JwtRouteConfig& route);
  Verdict judge();
  LocalReply deny(Status status);
  void fetch_next();
  void after_fetch();
  void on_async_response(http::AsyncResponse response) override;
  void on_async_failure(http::AsyncFailure failure, std::string_view detail) override;
  void note_fetch_failure(Status why);
  JwtStats& stats() const;

  const JwtFactory& factory_;
  FilterContext* context_ = nullptr;
  const Requirement* requirement_ = nullptr;
  std::string_view original_uri_;
  std::vector<KeySource*> missing_;
  std::unique_ptr<http::AsyncCall> call_;
};

class JwtFactory final : public HttpFilterFactory {
 public:
  JwtFactory(std::unique_ptr<const Settings> settings, StatsScopePtr stats)
      : settings_(std::move(settings)), stats_(std::move(stats)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const Settings& settings() const { return *settings_; }
  JwtStats& stats(unsigned worker) const { return stats_->local<JwtStats>(worker); }

 private:
  std::unique_ptr<const Settings> settings_;
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::jwt_authn
