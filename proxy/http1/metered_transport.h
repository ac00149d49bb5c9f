// MeteredTransport: the codec's way to its transport, counting what is written for the present
// stream. Thread: the worker. Lifetime: the codec's.
#pragma once

#include "api/http/codec.h"

namespace outrigger::http1 {

class MeteredTransport final : public http::CodecTransport {
 public:
  explicit MeteredTransport(http::CodecTransport& transport) : transport_(transport) {}

  // A stream begins: nullptr, and from its end on: nobody counts.
  void begin(http::WireBytes* bytes) { bytes_ = bytes == nullptr ? &nobody_ : bytes; }
  void end() { bytes_ = &nobody_; }
  http::WireBytes& bytes() { return *bytes_; }

  void received(size_t octets) { bytes_->received += octets; }
  void received_fields(size_t octets) {
    bytes_->headers_received += octets;
    bytes_->decompressed_headers_received += octets;
  }
  void received_trailers(size_t octets) { bytes_->headers_received += octets; }  // as Envoy counts
  void sent_fields(size_t octets) {
    bytes_->headers_sent += octets;
    bytes_->decompressed_headers_sent += octets;
  }

  void write(Bytes bytes) override {
    bytes_->sent += bytes.size();
    transport_.write(bytes);
  }
  char* reserve(size_t bytes) override { return transport_.reserve(bytes); }
  void commit(size_t bytes) override {
    bytes_->sent += bytes;
    transport_.commit(bytes);
  }
  void pause_reading(bool pause) override { transport_.pause_reading(pause); }
  void shutdown_write() override { transport_.shutdown_write(); }

 private:
  http::CodecTransport& transport_;
  http::WireBytes nobody_;
  http::WireBytes* bytes_ = &nobody_;
};

}  // namespace outrigger::http1
