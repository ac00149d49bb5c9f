// HttpExchange: a connection to an endpoint that is being checked, and one request on it at a time.
// Thread: the loop's. Lifetime: given up with close(); the loop destroys it at the end of the turn.
// The owner hears of each request once: on_answer (whole), or on_no_answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/arena.h"
#include "api/config/cluster.h"
#include "api/http/codec.h"
#include "api/http/header_map.h"
#include "proxy/health/check_connector.h"
#include "proxy/runtime/loop.h"

namespace outrigger::health {

struct HttpAnswer {
  const http::HeaderMap* headers = nullptr;
  const http::HeaderMap* trailers = nullptr;  // may be nullptr
  std::string_view body;                      // as much of it as was wanted
  bool reusable = false;                      // another request may follow
};

class HttpExchangeOwner {
 public:
  // Makes the request in the connection's arena.
  virtual void fill_request(http::HeaderMap& headers) = 0;
  virtual void on_answer(const HttpAnswer& answer) = 0;
  // The connection failed or ended, with or without a request under way. It is closed.
  virtual void on_no_answer() = 0;

 protected:
  ~HttpExchangeOwner() = default;
};

class HttpExchange final : public runtime::Deferred,
                           public runtime::TransportHandler,
                           public http::ConnectionEvents,
                           public http::StreamHandler {
 public:
  struct Options {
    bool http2 = false;
    std::string body;          // of each request; empty: none
    uint64_t body_wanted = 0;  // octets of the answer's that are kept
  };
  HttpExchange(runtime::Loop& loop, HttpExchangeOwner& owner, config::ClusterPtr cluster,
               Options options);
  ~HttpExchange() override;

  // False: it failed at once, and the owner is not told.
  bool connect(CheckConnector& connector, const config::Endpoint& endpoint);
  // As soon as it is connected. Not while another is under way.
  void send();
  // Gives it to the loop; no callback follows.
  static void close(std::unique_ptr<HttpExchange> exchange);

 private:
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  // Between two requests nothing is lost with the connection but itself.
  void on_goaway() override {
    if (owner_ != nullptr && !wanted_) lose();
  }
  void on_write_blocked() override;
  void on_write_resumed() override;
  Arena& arena() override { return *arena_; }
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_stream_closed() override { encoder_ = nullptr; }

  void begin();
  void finish();
  void lose();

  runtime::Loop& loop_;
  HttpExchangeOwner* owner_;  // nullptr: it is closed
  config::ClusterPtr cluster_;
  Options options_;
  StatsScope codec_stats_;
  std::unique_ptr<runtime::Transport> transport_;
  std::unique_ptr<http::ClientCodec> codec_;
  std::optional<Arena> arena_;  // of the request
  http::StreamEncoder* encoder_ = nullptr;
  const http::HeaderMap* headers_ = nullptr;
  const http::HeaderMap* trailers_ = nullptr;
  std::string body_;
  bool wanted_ = false;  // a request waits for the connection or its answer
  bool feeding_ = false;
  bool complete_ = false;
  bool lost_ = false;
};

}  // namespace outrigger::health
