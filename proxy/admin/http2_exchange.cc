#include "proxy/admin/http2_exchange.h"

#include <utility>

#include "fmt/format.h"

#include "proxy/admin/origin_check.h"
#include "proxy/admin/pages.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kGrpcContent = "application/grpc";

void add_all(const HeaderList& from, http::HeaderMap& to) {
  for (const auto& [name, value] : from) to.add_copy(name, value);
}

}  // namespace

Http2Exchange::Http2Exchange(ServerView& view, const AdminLimits& limits, ChunkPool& chunks,
                             http::StreamEncoder& encoder)
    : view_(view), limits_(limits), arena_(chunks), encoder_(&encoder) {
  log_.protocol = http::Protocol::http2;
  log_.start_time = std::chrono::system_clock::now();
  log_.start = std::chrono::steady_clock::now();
}

void Http2Exchange::on_headers(http::HeaderMap& headers, bool end_stream) {
  for (const http::HeaderField& field : headers.fields())
    log_.request_headers.emplace_back(field.name, field.value);
  grpc_ = is_grpc(header("content-type"));
  if (grpc_) method_ = find_grpc_method(header(":path"));
  request_ended_ = end_stream;
}

void Http2Exchange::on_body(Bytes body, bool end_stream) {
  log_.request_body_bytes += body.size();
  if (body_.size() + body.size() > limits_.body_bytes) {
    too_long_ = true;
    body_.clear();
  }
  if (!too_long_) body_ += body;
  request_ended_ = end_stream;
}

void Http2Exchange::on_protocol_error(int status, std::string_view) {
  Response response = Response::text(status, "");
  send(std::move(response));
}

std::string_view Http2Exchange::header(std::string_view name) const {
  for (const auto& [known, value] : log_.request_headers) {
    if (known == name) return value;
  }
  return {};
}

void Http2Exchange::leave() {
  encoder_ = nullptr;
  rest_ = nullptr;
}

bool Http2Exchange::advance() {
  if (encoder_ == nullptr) return false;
  busy_ = true;
  bool did = true;
  if (rest_ != nullptr) {
    did = !blocked_;
    if (did) send_piece();
  } else if (grpc_) {
    size_t before = messages_;
    advance_grpc();
    did = messages_ != before;  // another message may wait behind it
  } else if ((request_ended_ || too_long_) && !answered_) {
    answer_page();
  } else {
    did = false;
  }
  busy_ = false;
  return did;
}

void Http2Exchange::answer_page() {
  if (too_long_) {
    send(Response::text(413, "the request's body is too long\n"));
    if (!request_ended_) stop_request();
    return;
  }
  Request request = to_request({header(":method"), header(":path"), header("content-type"), body_});
  bool from_here = request.method != "POST" || same_origin(header("origin"), header(":authority"));
  send(from_here ? answer(request, view_) : not_same_origin());
}

void Http2Exchange::send(Response response) {
  if (encoder_ == nullptr || answered_) return;
  bool to_head = header(":method") == "HEAD";
  after_ = std::move(response.after);
  bool ends = to_head || (response.body.empty() && !response.rest);
  if (!to_head) rest_ = response.rest;
  send_head(response, ends);
  if (ends || response.body.empty() || encoder_ == nullptr) return;
  log_.response_body_bytes += response.body.size();
  encoder_->send_body(response.body, rest_ == nullptr);
}

void Http2Exchange::send_head(const Response& response, bool end) {
  http::HeaderMap headers(arena_);
  headers.add_copy(":status", fmt::format_int(response.status).str());
  add_all(answer_headers(response.content_type), headers);
  if (!response.rest)
    headers.add_copy("content-length", fmt::format_int(response.body.size()).str());
  log_.status = response.status;
  log_.content_type = response.content_type;
  answered_ = true;
  encoder_->send_headers(headers, end);
}

void Http2Exchange::send_piece() {
  std::string piece;
  bool more = rest_(piece);
  if (!more) rest_ = nullptr;
  log_.response_body_bytes += piece.size();
  encoder_->send_body(piece, !more);
}

void Http2Exchange::advance_grpc() {
  if (ended_) return;
  if (method_ == nullptr) {
    return end_grpc(
        absl::UnimplementedError(fmt::format("there is no method {}", header(":path"))));
  }
  if (too_long_) return end_grpc(absl::ResourceExhaustedError("the message is too long"));
  std::string message;
  auto whole = take_grpc_message(body_, limits_.body_bytes, message);
  if (!whole.ok()) return end_grpc(whole.status());
  if (!*whole) {
    if (!request_ended_) return;
    bool enough = method_->streaming || messages_ == 1;
    return end_grpc(enough ? absl::OkStatus()
                           : absl::InvalidArgumentError("there is no whole message"));
  }
  if (!method_->streaming && messages_ == 1)
    return end_grpc(absl::InvalidArgumentError("there is more than one message"));
  auto reply = method_->answer(message, view_);
  if (!reply.ok()) return end_grpc(reply.status());
  ++messages_;
  begin_grpc();
  send_message(*reply);
}

void Http2Exchange::begin_grpc() {
  if (answered_ || encoder_ == nullptr) return;
  http::HeaderMap headers(arena_);
  headers.add(":status", "200");
  headers.add("content-type", kGrpcContent);
  log_.status = 200;
  log_.content_type = kGrpcContent;
  answered_ = true;
  encoder_->send_headers(headers, false);
}

void Http2Exchange::send_message(std::string_view message) {
  if (encoder_ == nullptr) return;
  std::string frame = grpc_frame(message);
  log_.response_body_bytes += frame.size();
  encoder_->send_body(frame, false);
}

void Http2Exchange::end_grpc(const absl::Status& status) {
  begin_grpc();
  if (encoder_ == nullptr) return;
  ended_ = true;
  http::HeaderMap trailers(arena_);
  trailers.add_copy("grpc-status", fmt::format_int(static_cast<int>(status.code())).str());
  if (!status.ok())
    trailers.add_copy("grpc-message", grpc_percent_encode(std::string(status.message())));
  encoder_->send_trailers(trailers);
  if (!request_ended_) stop_request();
}

// The answer is complete, and what the client still wants to say is of no use.
void Http2Exchange::stop_request() {
  if (http::StreamEncoder* left = std::exchange(encoder_, nullptr))
    left->reset(http::ResetReason::local_reset);
}

}  // namespace outrigger::admin
