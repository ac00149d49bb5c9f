// LuaFilter: runs a script's envoy_on_request and envoy_on_response for a stream. Thread: the
// stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/config/substitution.h"
#include "api/filter/http_filter.h"
#include "filters/http/lua/run.h"
#include "filters/http/lua/script.h"
#include "filters/http/lua/stats.h"

namespace outrigger::filters::lua {

struct LuaRouteConfig : FilterRouteConfig {
  bool disabled = false;
  std::string name;                      // of one of the filter's scripts; empty: `script`
  std::shared_ptr<const Script> script;  // nullptr: the filter's own
  MetadataStruct filter_context;
};

struct LuaSettings {
  std::shared_ptr<const Script> script;  // nullptr: none
  std::map<std::string, std::shared_ptr<const Script>, std::less<>> named;
  bool clear_route = true;
  // %VIRTUAL_CLUSTER_NAME%
  config::SubstitutionFormat virtual_cluster;
};

class LuaFilter final : public HttpFilter {
 public:
  explicit LuaFilter(const LuaFactory& factory)
      : factory_(factory),
        request_(factory, EntryPoint::on_request),
        response_(factory, EntryPoint::on_response) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext&, std::string_view body, bool end_stream) override {
    return request_.on_body(body, end_stream);
  }
  Verdict on_request_trailers(FilterContext&, http::HeaderMap& trailers) override {
    return request_.on_trailers(trailers);
  }
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext&, std::string_view body, bool end_stream) override {
    return response_.on_body(body, end_stream);
  }
  Verdict on_response_trailers(FilterContext&, http::HeaderMap& trailers) override {
    return response_.on_trailers(trailers);
  }
  void on_stream_end(FilterContext& context) override;

 private:
  Verdict start(Run& run, FilterContext& context, http::HeaderMap& headers, bool end_stream);

  const LuaFactory& factory_;
  Run request_;
  Run response_;
};

class LuaFactory final : public HttpFilterFactory {
 public:
  LuaFactory(LuaSettings settings, StatsScopePtr stats)
      : settings_(std::move(settings)), stats_(std::move(stats)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;
  const LuaSettings& settings() const { return settings_; }
  LuaStats& stats(unsigned worker) const { return stats_->local<LuaStats>(worker); }

 private:
  LuaSettings settings_;
  StatsScopePtr stats_;
};

}  // namespace outrigger::filters::lua
