// MessageCounter: how many gRPC messages begin in the octets of a body, which come in pieces of any
// size. Thread: the stream's worker. Pure.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Length-Prefixed-Message)
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace outrigger::filters::grpc_stats {

class MessageCounter {
 public:
  // How many messages' heads became complete with this piece.
  uint64_t count(std::string_view body) {
    uint64_t messages = 0;
    while (!body.empty()) {
      if (head_octets_ < kHeadOctets) {
        // A flag, then the length, the most significant octet first.
        if (head_octets_ > 0) left_ = left_ << 8 | static_cast<unsigned char>(body.front());
        body.remove_prefix(1);
        if (++head_octets_ == kHeadOctets) {
          ++messages;
          if (left_ == 0) head_octets_ = 0;
        }
        continue;
      }
      uint64_t taken = std::min<uint64_t>(left_, body.size());
      body.remove_prefix(taken);
      left_ -= taken;
      if (left_ == 0) head_octets_ = 0;
    }
    total_ += messages;
    return messages;
  }
  uint64_t total() const { return total_; }

 private:
  static constexpr unsigned kHeadOctets = 5;

  unsigned head_octets_ = 0;  // of the message's head, that were seen
  uint64_t left_ = 0;         // octets of the message
  uint64_t total_ = 0;
};

}  // namespace outrigger::filters::grpc_stats
