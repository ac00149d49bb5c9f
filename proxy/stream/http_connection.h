// HttpConnection: one downstream connection that speaks HTTP: transport, codec, its streams and its
// timers. States: detecting -> open -> draining -> closing -> closed. `draining` takes what is
// already coming and closes after it; `closing` flushes, ignores what arrives and waits for the
// peer's FIN, for delayed_close_timeout at the longest. Thread: one worker. Lifetime: until closed;
// the loop destroys it at the end of the turn, after its streams.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/http/codec.h"
#include "api/stream_info.h"
#include "proxy/net/chain_handler.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/http_service.h"

namespace outrigger::stream {

class HttpConnection;
class Stream;

class ConnectionOwner {
 public:
  // The connection is over: drop it from the lists. It is destroyed at the end of the turn.
  virtual void on_connection_closed(HttpConnection& connection) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class HttpConnection final : public runtime::Deferred,
                             public runtime::TransportHandler,
                             public http::ServerEvents,
                             public http::CodecTransport {
 public:
  HttpConnection(std::shared_ptr<HttpService> service,
                 std::unique_ptr<runtime::Transport> transport, DownstreamConnectionInfo info,
                 ConnectionOwner& owner);
  ~HttpConnection() override;

  // No further requests after those on their way; unhurried: after the next one.
  void drain(net::DrainPace pace);
  // A response is about to begin: is it the last one, of a connection that drains gradually?
  void before_response() {
    if (drains_by_share_) draw_drain();
  }
  // Ends it now, whatever is on its way.
  void close_now(std::string_view reason);

  HttpService& service() { return *service_; }
  WorkerServices& services() { return service_->services(); }
  const DownstreamConnectionInfo& info() const { return info_; }
  DownstreamConnectionInfo& info() { return info_; }
  const runtime::Transport& transport() const { return *transport_; }
  bool draining() const { return state_ != State::detecting && state_ != State::open; }
  http::Protocol protocol() const { return codec_->protocol(); }
  // No stream can be served on it any more.
  bool codec_finished() const { return codec_->finished(); }
  // The stream's next response tells the client to close (HTTP/1), or the connection says GOAWAY.
  void close_after_response();
  std::chrono::milliseconds age() const;
  // Takes the place of one that ends here; it is not another request of the client.
  Stream& add_stream(http::StreamEncoder& encoder);
  // From a stream that is over; it is destroyed at the end of the turn.
  void remove_stream(Stream& stream);
  size_t index = 0;  // the owner's place for it

 private:
  enum class State : uint8_t {
    detecting,
    open,
    draining,
    closing,
    closed
  };

  // TransportHandler
  void on_connected() override;
  void on_data(Bytes bytes) override;
  void on_eof() override;
  void on_closed(int error) override;
  void on_write_blocked() override;
  void on_write_resumed() override;
  // ServerEvents
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override;
  void on_goaway() override {}
  void on_failed() override { services().loop.run_soon(settle_task_); }
  // CodecTransport: the codec's way to the transport; un-pausing brings back what was left over.
  void write(Bytes bytes) override { transport_->write(bytes); }
  char* reserve(size_t bytes) override { return transport_->reserve(bytes); }
  void commit(size_t bytes) override { transport_->commit(bytes); }
  void pause_reading(bool pause) override;
  void shutdown_write() override { transport_->shutdown_write(); }

  bool detect(Bytes bytes);
  void make_codec(bool http2);
  void feed(Bytes bytes);
  void feed_left_over();
  void after_feed(const http::FeedResult& result);
  void settle();
  void start_closing();
  void finish(bool by_remote, std::string_view reason);
  void on_idle();
  void on_duration();
  void on_drain_step();
  void draw_drain();
  void on_ping_timer();
  void start_ping_interval();
  void note_time();
  void count_bytes();

  std::shared_ptr<HttpService> service_;
  std::unique_ptr<runtime::Transport> transport_;
  ConnectionOwner& owner_;
  DownstreamConnectionInfo info_;
  std::shared_ptr<const TlsConnection> tls_;
  std::unique_ptr<http::ServerCodec> codec_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::string left_over_;  // fed again when the codec takes more
  State state_ = State::detecting;
  bool feeding_ = false;
  bool paused_ = false;
  bool eof_ = false;
  bool cut_streams_ = false;  // the client left streams behind
  bool ping_sent_ = false;
  bool last_request_next_ = false;  // close after one more response
  bool drains_by_share_ = false;    // after ever more of its responses, from drains_since_ on
  uint32_t requests_ = 0;
  uint64_t counted_in_ = 0;
  uint64_t counted_out_ = 0;
  runtime::MonotonicTime started_;
  runtime::MonotonicTime drains_since_;
  runtime::MonotonicTime window_start_;  // see Codec::next_window
  runtime::Timer idle_timer_;            // idle timeout; in `closing` the delayed close
  runtime::Timer duration_timer_;
  runtime::Timer drain_timer_;
  runtime::Timer ping_timer_;
  runtime::TurnTask settle_task_;
};

}  // namespace outrigger::stream
