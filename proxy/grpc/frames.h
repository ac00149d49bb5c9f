// gRPC's length-prefixed messages: MessageReader takes them out of DATA octets that are cut at any
// place, message_prefix() is what stands before one. Pure. Thread: any. Specification:
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/bytes.h"

namespace outrigger::grpc {

constexpr size_t kPrefixBytes = 5;  // a flag, and the length in network order

// A snapshot of a large mesh in one response is megabytes; a length above this is an error of the
// server, or an attempt to make us hold it.
constexpr size_t kMaxMessageBytes = 64 * 1024 * 1024;

std::array<char, kPrefixBytes> message_prefix(size_t message_bytes);

class MessageReader {
 public:
  enum class Error : uint8_t {
    none,
    compressed,  // the flag is set, though no compression was agreed on
    bad_flag,    // neither 0 nor 1
    too_large
  };

  // 0: kMaxMessageBytes.
  explicit MessageReader(size_t max_message_bytes = 0);

  // grpc-encoding: identity: the flag may be set and means nothing.
  void allow_identity() { identity_ = true; }
  // Appends the messages that these octets complete. After an error nothing more is read.
  Error feed(Bytes bytes, std::vector<std::string>& messages);
  // No part of a message is left over.
  bool between_messages() const { return prefix_read_ == 0; }

 private:
  // Memory is taken as octets arrive, not as the prefix announces.
  static constexpr size_t kReserve = 256 * 1024;

  Error end_prefix();

  size_t max_message_bytes_;
  std::array<char, kPrefixBytes> prefix_{};
  size_t prefix_read_ = 0;
  size_t body_left_ = 0;
  std::string message_;
  bool identity_ = false;
  Error error_ = Error::none;
};

// For people: "a compressed message, ...".
std::string_view error_text(MessageReader::Error error);

}  // namespace outrigger::grpc
