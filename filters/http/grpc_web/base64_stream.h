// Base64 in pieces: octets of one stream, encoded or decoded as they arrive; at most three wait for
// the next piece. Thread: any. Lifetime: one message's. RFC 4648, 4.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace outrigger::filters::grpc_web {

class Base64Encoder {
 public:
  void write(std::string_view octets, std::string& out);
  // Padding, if there is need; the next octet begins anew.
  void finish(std::string& out);

 private:
  char waiting_[3];
  size_t count_ = 0;
};

class Base64Decoder {
 public:
  // False: these characters are not base64. Several encoded texts, each with its padding, may
  // follow each other.
  bool write(std::string_view text, std::string& out);
  // Nothing waits for more characters.
  bool complete() const { return count_ == 0; }

 private:
  bool decode_group(std::string& out);

  char waiting_[4];
  size_t count_ = 0;
};

}  // namespace outrigger::filters::grpc_web
