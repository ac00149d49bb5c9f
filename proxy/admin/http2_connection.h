// Http2Connection: one client of the administration interface that speaks HTTP/2 with prior
// knowledge: pages as over HTTP/1.1, and gRPC calls. Thread: main. Lifetime: inside of its
// Connection's coroutine.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "boost/asio/awaitable.hpp"
#include "boost/asio/generic/stream_protocol.hpp"
#include "boost/beast/core/basic_stream.hpp"

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/http2_exchange.h"
#include "proxy/http2/server_codec.h"

namespace outrigger::admin {

class Http2Connection final : private http::CodecTransport, private http::ServerEvents {
 public:
  using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

  Http2Connection(AdminServer::Shared& shared, Stream& stream);
  ~Http2Connection();

  // `received`: what was read already, the preface first. Ends with the connection.
  boost::asio::awaitable<void> serve(std::string received);

 private:
  // CodecTransport
  void write(Bytes bytes) override { output_.append(bytes); }
  char* reserve(size_t bytes) override;
  void commit(size_t bytes) override { output_.resize(reserved_at_ + bytes); }
  void pause_reading(bool) override {}  // what may wait is bounded by the streams' windows
  // ServerEvents
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override;
  void on_goaway() override {}

  bool feed(std::string_view octets);
  // Answers what can be answered; false: nothing to do before something arrives.
  bool advance();
  void drop_finished();
  std::chrono::steady_clock::time_point deadline() const;
  boost::asio::awaitable<bool> flush();

  AdminServer::Shared& shared_;
  Stream& stream_;
  http::Http2Options options_;
  http::Http2Stats stats_;
  ChunkPool chunks_;
  std::string output_;
  size_t reserved_at_ = 0;
  bool closing_ = false;
  std::vector<std::unique_ptr<Http2Exchange>> exchanges_;
  std::unique_ptr<http2::Http2ServerCodec> codec_;  // gone before what it calls
};

}  // namespace outrigger::admin
