// Stream: one HTTP/2 stream of a Session, either side. The proxy's half of it is a StreamHandler.
// Thread: the worker. Lifetime: from its first frame until nghttp2 closes it; a stream that the
// handler has reset may live on without a handler until its last frames have left. Objects are
// recycled by the session.
// Every call into the handler is the last thing that a function here does: the handler may reset
// the stream, or others, inside it.
// The last octets or the trailers may end the stream at once: on_stream_closed() then comes within
// send_body() or its like.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "api/http/codec.h"
#include "proxy/http2/head_decoder.h"
#include "proxy/http2/send_queue.h"

namespace outrigger::http2 {

class Session;

class Stream final : public http::StreamEncoder {
 public:
  // At most this much of a body waits in a stream before its writer is asked to stop (less if the
  // stream's window is smaller).
  static constexpr size_t kQueueHighWatermark = 256 * 1024;

  explicit Stream(Session& session) : session_(session) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() = default;

  // The handler's side.
  void send_informational(const http::HeaderMap& headers) override;
  void send_headers(const http::HeaderMap& headers, bool end_stream) override;
  void send_body(Bytes body, bool end_stream) override;
  void send_trailers(const http::HeaderMap& trailers) override;
  void reset(http::ResetReason reason) override;
  void pause_reading(bool pause) override;
  size_t queued_bytes() const override { return queue_.size() + borrowed_.size(); }
  bool hand_over(http::StreamHandler& next) override;

  void attach(http::StreamHandler& handler);
  int32_t id() const { return id_; }
  void set_id(int32_t id) { id_ = id; }
  bool has_handler() const { return handler_ != nullptr; }
  // Where its octets are counted: nowhere that is seen, once the handler has left.
  http::WireBytes& wire() { return handler_ == nullptr ? nobody_ : *wire_; }
  void count_head(size_t octets) {
    wire().received += octets;
    wire().headers_received += octets;
  }

  // From the peer.
  void begin_head();
  HeadDecoder::Verdict add_field(std::string_view name, std::string_view value);
  void end_head(bool end_stream);
  void data(Bytes chunk, bool completes_frame);
  void end_data_frame(bool end_stream);
  void remote_reset(uint32_t code);
  // The first detail holds: what follows is a consequence.
  void fail(http::ResetReason reason, std::string_view detail);

  // Towards the peer, called by nghttp2 while it sends.
  ssize_t read_data(size_t room, uint32_t& flags);
  void write_data(const uint8_t* frame_head, size_t length);
  void data_frame_sent(bool end_stream);
  void end_sent();
  // Tells the handler when "blocked" (queue or transport) changed.
  void update_write_state();

  // The client gave the stream up before the response's head was sent.
  bool premature_reset() const { return remote_rst_ && !headers_sent_; }
  // nghttp2 is done with the stream, or the connection is gone: what the handler will hear.
  struct Ending {
    http::StreamHandler* handler = nullptr;
    bool clean = false;
    http::ResetReason reason = http::ResetReason::local_reset;
    std::string_view detail = {};
    void tell() const;
  };
  Ending end(uint32_t code);
  Ending end(http::ResetReason reason, std::string_view detail);
  // Octets given to a paused handler, whose window the peer did not get back yet.
  size_t take_unconsumed() { return std::exchange(unconsumed_, 0); }
  // False: the window for these octets is withheld until the handler resumes.
  bool credits(size_t bytes);

  // The session's list of live streams.
  Stream* next = nullptr;
  Stream* previous = nullptr;

 private:
  // Trailers that wait for the body before them; own memory, since the handler may be gone when
  // they leave.
  struct WaitingTrailers {
    explicit WaitingTrailers(ChunkPool& pool) : arena(pool), map(arena) {}
    Arena arena;
    http::HeaderMap map;
  };

  bool server() const;
  bool usable() const { return handler_ != nullptr && !local_end_; }
  bool lingers(http::ResetReason reason);
  void submit_request(const http::HeaderMap& headers, bool end_stream);
  void submit_head(const http::HeaderMap& headers, bool end_stream);
  void submit_trailers(const http::HeaderMap& trailers, bool borrow);
  void submit_data();
  void lend_body(Bytes body);
  void enqueue(Bytes body);
  Bytes next_part(size_t most) const;
  void popped(size_t bytes);
  void drop_output();
  http::ResetReason end_reason(uint32_t code) const;
  std::string_view end_detail(http::ResetReason reason) const;

  Session& session_;
  http::StreamHandler* handler_ = nullptr;
  http::WireBytes* wire_ = nullptr;
  http::WireBytes nobody_;
  int32_t id_ = -1;

  HeadDecoder head_;
  Bytes held_;  // the last chunk of a DATA frame, given together with the end of the stream that
                // the frame may carry
  uint32_t pauses_ = 0;
  size_t unconsumed_ = 0;
  http::ResetReason fail_reason_ = http::ResetReason::remote_reset;
  std::string_view detail_;

  SendQueue queue_;
  Bytes borrowed_;  // the argument of the send_body() that is running, behind the queue
  std::unique_ptr<WaitingTrailers> waiting_trailers_;
  size_t lingering_bytes_ = 0;

  bool final_head_seen_ = false;
  bool remote_end_ = false;
  bool remote_rst_ = false;
  bool remote_rst_no_error_ = false;
  bool headers_sent_ = false;   // submitted, strictly speaking
  bool local_end_ = false;      // the handler has said all
  bool end_submitted_ = false;  // and nghttp2 has a frame with END_STREAM
  bool end_sent_ = false;       // and it went out
  bool data_attached_ = false;  // nghttp2 holds a DATA item that will call read_data()
  bool data_drained_ = false;   // read_data() said that the item is finished
  bool lingering_ = false;      // the handler is gone; RST_STREAM(NO_ERROR) follows the last octet
  bool write_blocked_ = false;  // as the handler knows it
};

}  // namespace outrigger::http2
