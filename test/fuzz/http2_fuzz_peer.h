// What the HTTP/2 fuzzers share: choices drawn from the input, a transport that fills up and
// drains, and stream handlers that call the encoder at any moment. The contract of api/http/codec.h
// is checked on the way: an order that is broken aborts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http2/client_codec.h"
#include "proxy/http2/server_codec.h"

namespace outrigger::http2::fuzz {

inline constexpr std::string_view kSettings{"\0\0\0\4\0\0\0\0\0", 9};
inline constexpr std::string_view kPreface{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
                                           33};

// A small generator seeded by the input's first octets, which it takes away.
class Choices {
 public:
  explicit Choices(std::string_view& input) {
    for (int i = 0; i < 4 && !input.empty(); ++i) {
      state_ = state_ * 257 + static_cast<uint8_t>(input.front());
      input.remove_prefix(1);
    }
  }
  unsigned up_to(unsigned most) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<unsigned>(state_ >> 33) % (most + 1);
  }
  bool one_in(unsigned n) { return up_to(n - 1) == 0; }

 private:
  uint64_t state_ = 1;
};

inline void must(bool held) {
  if (!held) std::abort();
}

class FuzzTransport final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override { filled(bytes.size()); }
  char* reserve(size_t bytes) override {
    room_.resize(bytes);
    return room_.data();
  }
  void commit(size_t bytes) override { filled(bytes); }
  void pause_reading(bool) override {}

  http::Codec* codec = nullptr;

 private:
  void filled(size_t bytes) {
    waiting_ += bytes;
    if (waiting_ < 100'000) return;
    waiting_ = 0;
    codec->on_transport_blocked();  // resumed by connection_action()
  }
  std::string room_;
  size_t waiting_ = 0;
};

class FuzzHandler final : public http::StreamHandler {
 public:
  FuzzHandler(ChunkPool& pool, Choices& choices, bool server)
      : arena_(pool), choices_(choices), server_(server) {}

  void use(http::StreamEncoder& encoder) { encoder_ = &encoder; }
  void send_request() {
    http::HeaderMap head(arena_);
    for (auto [id, value] : {std::pair{http::HeaderId::method, "POST"},
                             {http::HeaderId::scheme, "http"},
                             {http::HeaderId::path, "/"}}) {
      head.add(id, value);
    }
    head.add(http::HeaderId::authority, "a");
    send_head(head);
  }

  Arena& arena() override { return arena_; }
  void on_informational(http::HeaderMap&) override {
    must(live() && !server_ && !head_seen_);
    act();
  }
  void on_headers(http::HeaderMap& map, bool end) override {
    must(live() && !head_seen_ && map.size() > 0);
    for (const http::HeaderField& field : map.fields()) {
      must(field.value.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos);
    }
    head_seen_ = true;
    ended(end);
    act();
  }
  void on_body(Bytes bytes, bool end) override {
    must(live() && head_seen_ && !end_seen_ && (end || !bytes.empty()));
    ended(end);
    act();
  }
  void on_trailers(http::HeaderMap&) override {
    must(live() && head_seen_ && !end_seen_);
    ended(true);
    act();
  }
  void on_reset(http::ResetReason, std::string_view) override { gone(); }
  void on_stream_closed() override {
    must(end_seen_);
    gone();
  }
  void on_write_blocked() override {
    must(live() && !blocked_);
    blocked_ = true;
    act();
  }
  void on_write_resumed() override {
    must(live() && blocked_);
    blocked_ = false;
    act();
  }

  bool live() const { return encoder_ != nullptr; }
  void act() {
    if (!live()) return;
    switch (choices_.up_to(11)) {
      case 0:
        std::exchange(encoder_, nullptr)->reset(static_cast<http::ResetReason>(choices_.up_to(8)));
        break;
      case 1:
        pauses_ += 1;
        encoder_->pause_reading(true);
        break;
      case 2:
        if (pauses_ == 0) break;
        pauses_ -= 1;
        encoder_->pause_reading(false);
        break;
      case 3:
        if (server_) send_status("103", false);
        break;
      case 4:
        if (server_) send_status("200", true);
        break;
      case 5:
      case 6:
        encoder_->send_body(std::string(choices_.up_to(70'000), 'x'), choices_.one_in(4));
        break;
      case 7: {
        http::HeaderMap trailers(arena_);
        if (choices_.one_in(2)) trailers.add("x-trailer", "1");
        encoder_->send_trailers(trailers);
        break;
      }
      default:
        break;
    }
  }

 private:
  void send_status(std::string_view status, bool final_head) {
    http::HeaderMap head(arena_);
    head.add(http::HeaderId::status, status);
    if (final_head) {
      send_head(head);
    } else {
      encoder_->send_informational(head);
    }
  }
  void send_head(const http::HeaderMap& head) { encoder_->send_headers(head, choices_.one_in(3)); }
  void ended(bool end) { end_seen_ = end_seen_ || end; }
  void gone() {
    must(live());
    encoder_ = nullptr;
  }

  Arena arena_;
  Choices& choices_;
  const bool server_;
  http::StreamEncoder* encoder_ = nullptr;
  unsigned pauses_ = 0;
  bool head_seen_ = false;
  bool end_seen_ = false;
  bool blocked_ = false;
};

class Streams {
 public:
  FuzzHandler& make(Choices& choices) {
    all_.push_back(std::make_unique<FuzzHandler>(pool_, choices, false));
    return *all_.back();
  }
  FuzzHandler& make(http::StreamEncoder& encoder, Choices& choices, bool server) {
    all_.push_back(std::make_unique<FuzzHandler>(pool_, choices, server));
    all_.back()->use(encoder);
    return *all_.back();
  }
  void act_outside() {
    for (size_t i = 0; i < all_.size(); ++i) all_[i]->act();
  }
  size_t live() const {
    size_t count = 0;
    for (const auto& stream : all_) count += stream->live() ? 1 : 0;
    return count;
  }

 private:
  ChunkPool pool_;
  std::vector<std::unique_ptr<FuzzHandler>> all_;
};

inline http::Http2Options any_options(Choices& choices) {
  http::Http2Options options;
  options.allow_connect = choices.one_in(2);
  options.override_stream_error_on_invalid_http_message = choices.one_in(2);
  if (choices.one_in(2)) options.initial_stream_window_size = 65'535;
  if (choices.one_in(2)) options.initial_connection_window_size = 65'535;
  if (choices.one_in(2)) options.max_concurrent_streams = 1 + choices.up_to(5);
  if (choices.one_in(4)) options.max_outbound_control_frames = 1 + choices.up_to(20);
  if (choices.one_in(2)) options.max_consecutive_inbound_frames_with_empty_payload = 100;
  if (choices.one_in(4)) options.limits.max_bytes = choices.up_to(500);
  options.limits.underscores = static_cast<http::UnderscoresAction>(choices.up_to(2));
  return options;
}

template <class After>
void feed_in_pieces(http::Codec& codec, std::string_view input, Choices& choices, After after) {
  while (!input.empty()) {
    size_t part = std::min<size_t>(input.size(), 1 + choices.up_to(choices.one_in(2) ? 3 : 2000));
    std::string copy(input.substr(0, part));  // of its own, so that a view kept too long is seen
    http::FeedResult result = codec.feed(copy);
    must(result.consumed == part);
    // Only an orderly end has no detail: GOAWAY, and every stream is over.
    bool orderly = result.kind == http::FeedResult::Kind::close && result.detail.empty();
    must(!orderly || codec.active_streams() == 0);
    input.remove_prefix(part);
    after();
  }
}
inline void feed_in_pieces(http::Codec& codec, std::string_view input, Choices& choices) {
  feed_in_pieces(codec, input, choices, [] {});
}

inline void connection_action(http::Codec& codec, Choices& choices) {
  switch (choices.up_to(15)) {
    case 0:
      codec.on_transport_blocked();
      break;
    case 1:
    case 2:
    case 3:
      codec.on_transport_resumed();
      break;
    case 4:
      codec.begin_drain();
      break;
    case 5:
      codec.finish_drain();
      break;
    case 6:
      codec.send_ping();
      break;
    default:
      break;
  }
}

// Every stream has been told, and every gauge is back.
inline void finish(http::Codec& codec, Streams& streams, http::Http2Stats& stats,
                   Choices& choices) {
  must(codec.active_streams() == streams.live());
  if (choices.one_in(2)) {
    codec.feed_eof();
  } else {
    codec.on_connection_lost(http::ResetReason::connection_termination, "gone");
  }
  must(streams.live() == 0 && codec.active_streams() == 0);
  must(stats.streams_active.value() == 0 && stats.pending_send_bytes.value() == 0);
}

}  // namespace outrigger::http2::fuzz
