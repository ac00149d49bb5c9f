// Stream: one request and its response, between a downstream codec and the router. See BUILD.md,
// "Life of a request". Thread: the connection's worker. Lifetime: owned by its HttpConnection;
// given up in end() and destroyed at the end of that turn.
//
//   receiving --headers--> active --response headers--> responding --last octet--> ended
//       |                    |                              |
//       '---- protocol error, time-outs, filters: local reply ----'      any --reset, connection
//       gone--> ended
//
// No callback has an effect after `ended`.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "api/arena.h"
#include "api/http/codec.h"
#include "api/stream_info.h"
#include "proxy/route/header_mutation.h"
#include "proxy/route/match.h"
#include "proxy/stream/filter_chain.h"
#include "proxy/stream/http_connection.h"
#include "proxy/stream/router.h"

namespace outrigger::stream {

class Stream final : public runtime::Deferred,
                     public http::StreamHandler,
                     public RouterOwner,
                     public route::ValueSource,
                     private route::FractionSource,
                     private ChainOwner {
 public:
  Stream(HttpConnection& connection, http::StreamEncoder& encoder);
  ~Stream() override;

  // The connection went away and its codec does not know the stream any more.
  void on_connection_gone(bool by_remote, std::string_view reason);
  bool tunnel() const { return tunnel_; }
  size_t index = 0;  // the connection's place for it

  // For filters and the router (also RouterOwner).
  Arena& arena() override { return arena_; }
  http::WireBytes* wire_bytes() override { return &info_.downstream_wire; }
  StreamInfo& info() override { return info_; }
  DownstreamConnectionInfo& connection_info() { return connection_.info(); }
  HttpService& service() override { return connection_.service(); }
  WorkerServices& services() override { return connection_.services(); }
  route::ValueSource& values() override { return *this; }
  uint64_t stream_random() const override { return random_; }
  const route::FractionSource& fractions() const { return *this; }
  bool request_complete() const override { return request_complete_; }
  bool is_upgrade() const override { return upgrade_; }
  uint64_t buffer_limit() const override { return buffer_limit_; }
  http::HeaderMap& request_headers() override { return *request_headers_; }
  http::HeaderMap* request_trailers() { return request_trailers_; }
  http::HeaderMap* response_headers() { return response_headers_; }
  http::HeaderMap* response_trailers() { return response_trailers_; }
  http::HeaderMap& add_trailers(Direction direction);
  FilterChain& chain() { return chain_; }
  const config::RouteTable& route_table() const override { return *routes_; }
  const route::RouteMatchResult& matched_route() override;
  void clear_route() { route_matched_ = false; }
  // The routes in force now, not those at the stream's beginning.
  void refresh_routes();
  const config::WeightedCluster* weighted_cluster() { return matched_route().cluster.weighted; }
  void set_buffer_limit(uint64_t bytes) { buffer_limit_ = bytes; }
  bool fraction(const config::RuntimeFraction& fraction) override;
  void filter_reply(const LocalReply& reply) { local_reply(reply); }
  void filter_reset(const Outcome& outcome) override;
  DetourResult take(const Detour& detour, http::HeaderMap& response);
  const DetourMark* detour_mark() const {
    return redirects_ == nullptr ? nullptr : redirects_->mark.get();
  }
  void drain_connection() { connection_.close_after_response(); }
  bool ended() const override { return ended_; }
  // Unless a route enables it, a filter that is disabled is not there.
  bool is_disabled(const config::HttpFilterEntry& entry);
  void show_response(const http::HeaderMap& headers) override { shown_response_ = &headers; }
  bool response_begun() const { return response_headers_sent_; }
  // ValueSource
  std::string_view value(const config::SubstitutionFormat& format) override;
  std::string_view render(const config::LogFormat& format,
                          std::string_view local_reply_body) override;

 private:
  // StreamHandler: from the downstream codec.
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_protocol_error(int status, std::string_view detail) override;
  void on_write_blocked() override;
  void on_write_resumed() override;
  void on_stream_closed() override;

  // RouterOwner: from the router.
  void respond_informational(http::HeaderMap& headers) override;
  void respond_headers(http::HeaderMap& headers, bool end_stream) override;
  void respond_body(Bytes body, bool end_stream) override;
  void respond_trailers(http::HeaderMap& trailers) override;
  void respond_reset(const Outcome& outcome, http::ResetReason reason) override;
  void pause_request(bool pause) override;
  route::RouteMatchResult find_route() override;
  RedirectHistory& redirect_history() override;
  ArenaPtr<AttemptFilters> attempt_filters(const config::UpstreamFilters& config) override {
    return make_in_arena<AttemptFilters>(arena_, *this, config);
  }
  void restart(http::HeaderMap& response, Bytes body, bool has_body,
               http::HeaderMap* trailers) override;
  bool response_started() const override { return response_headers_sent_; }
  // RouterOwner and ChainOwner
  void local_reply(const LocalReply& reply) override;

  // ChainOwner
  void forward_headers(http::HeaderMap& headers, bool end_stream) override {
    router_.on_request_headers(headers, end_stream);
  }
  void forward_body(Bytes body, bool end_stream) override {
    router_.on_request_body(body, end_stream);
  }
  void forward_trailers(http::HeaderMap& trailers) override {
    router_.on_request_trailers(trailers);
  }
  void encode_headers(http::HeaderMap& headers, bool end_stream) override;
  void encode_body(Bytes body, bool end_stream) override;
  void encode_trailers(http::HeaderMap& trailers) override;
  void request_backlog(bool above_limit) override { pause_request(above_limit); }
  void response_backlog(bool above_limit) override { router_.pause_response(above_limit); }
  bool request_abandoned() const override { return ended_ || replied_; }
  // FractionSource
  bool chosen(const config::RuntimeFraction& fraction, uint64_t random) const override;
  uint64_t number(std::string_view key, uint64_t fallback) const override;

  DetourResult turn_request(const Detour& detour);
  bool begin_anew(http::HeaderMap& response, Bytes body, bool has_body, http::HeaderMap* trailers);
  void continue_from(Stream& before, Bytes body, bool has_body, const http::HeaderMap* trailers);
  void admit();
  bool enter_upgrade(http::HeaderMap& headers);
  void start_logging();
  void choose_scope();
  void use_routes(std::shared_ptr<const config::RouteTable> table);
  void make_filters();
  void add_filter(unsigned at);
  void start_timers();
  void note_request_end();
  void note_activity();
  void count_response(int code);
  void finish_response();
  void watch_flush();
  void give_up(const Outcome& outcome, http::ResetReason reason);
  void end();
  void on_idle_timeout();
  void on_request_timeout();
  void on_headers_timeout_or_duration();
  void log(config::AccessLogType type);
  void on_log_interval();

  HttpConnection& connection_;
  http::StreamEncoder* encoder_;  // nullptr once the codec has let go of the stream
  Arena arena_;
  StreamInfo info_;
  FilterChain chain_;
  Router router_;
  http::HeaderMap* request_headers_ = nullptr;
  http::HeaderMap* request_trailers_ = nullptr;
  http::HeaderMap* response_headers_ = nullptr;
  const http::HeaderMap* shown_response_ = nullptr;  // before response_headers_
  http::HeaderMap* response_trailers_ = nullptr;
  std::shared_ptr<const config::RouteTable> routes_;
  std::vector<std::shared_ptr<const config::RouteTable>> past_routes_;
  route::RouteMatchResult matched_;
  uint64_t random_;
  uint64_t buffer_limit_;
  std::chrono::milliseconds idle_timeout_;
  std::string_view local_body_;
  std::unique_ptr<RedirectHistory> redirects_;  // nullptr: it was not redirected here
  unsigned request_pauses_ = 0;
  bool route_matched_ = false;
  bool request_complete_ = false;
  bool upgrade_ = false;
  bool extended_connect_ = false;  // an upgrade that came as HTTP/2 CONNECT with :protocol
  bool tunnel_ = false;            // ... and was accepted
  bool head_request_ = false;
  bool grpc_ = false;
  bool replied_ = false;  // a local reply took the request's place
  bool local_ = false;    // the response that goes out is a local reply
  bool response_headers_sent_ = false;
  bool response_complete_ = false;
  bool ended_ = false;
  bool redirected_ = false;  // it takes the place of a stream whose request was redirected here
  runtime::Timer idle_timer_;
  runtime::Timer request_timer_;
  std::optional<runtime::Timer> log_timer_;  // only where lines are to be written now and then
  runtime::Timer
      headers_or_duration_timer_;  // request_headers_timeout, then the stream's greatest duration
};

}  // namespace outrigger::stream
