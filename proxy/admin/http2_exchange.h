// Http2Exchange: one request over HTTP/2 and its answer: a page, or a gRPC call.
// Thread: main. Lifetime: the Http2Connection's list, until over().
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "api/arena.h"
#include "api/http/codec.h"
#include "proxy/admin/access_log.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/grpc_service.h"
#include "proxy/admin/http_message.h"

namespace outrigger::admin {

class Http2Exchange final : public http::StreamHandler {
 public:
  Http2Exchange(ServerView& view, const AdminLimits& limits, ChunkPool& chunks,
                http::StreamEncoder& encoder);

  // Answers what is there to be answered, outside of the codec's calls; the next piece of a long
  // answer. False: nothing was to be done now.
  bool advance();
  // Nothing follows, in either direction.
  bool over() const { return encoder_ == nullptr && !busy_; }
  // The client has not taken the answer yet.
  bool waits_for_client() const { return encoder_ != nullptr && answered_ && !may_pause(); }
  // The client has not sent all that this takes to be answered.
  bool waits_for_request() const { return encoder_ != nullptr && !request_ended_ && !may_pause(); }
  std::chrono::steady_clock::time_point began() const { return log_.start; }

  // For the log and for what is to happen when the answer has left.
  const Exchange& log() const { return log_; }
  bool answered() const { return answered_; }
  std::function<void()> take_after() { return std::exchange(after_, nullptr); }

 private:
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap&) override { request_ended_ = true; }
  void on_reset(http::ResetReason, std::string_view) override { leave(); }
  void on_protocol_error(int status, std::string_view) override;
  void on_write_blocked() override { blocked_ = true; }
  void on_write_resumed() override { blocked_ = false; }
  void on_stream_closed() override { encoder_ = nullptr; }

  std::string_view header(std::string_view name) const;
  bool may_pause() const { return grpc_ && method_ != nullptr && method_->streaming; }
  void leave();
  void answer_page();
  void send(Response response);
  void send_head(const Response& response, bool end);
  void send_piece();
  void advance_grpc();
  void begin_grpc();
  void send_message(std::string_view message);
  void end_grpc(const absl::Status& status);
  void stop_request();

  ServerView& view_;
  const AdminLimits& limits_;
  Arena arena_;
  http::StreamEncoder* encoder_;  // nullptr: the stream is over
  Exchange log_;
  std::string body_;
  BodySource rest_;
  std::function<void()> after_;
  const GrpcMethod* method_ = nullptr;
  size_t messages_ = 0;  // of a gRPC call, answered
  bool grpc_ = false;
  bool busy_ = false;  // in advance(): must not be destroyed
  bool request_ended_ = false;
  bool too_long_ = false;
  bool ended_ = false;     // of a gRPC call: the trailers were sent
  bool answered_ = false;  // the head has left
  bool blocked_ = false;
};

}  // namespace outrigger::admin
