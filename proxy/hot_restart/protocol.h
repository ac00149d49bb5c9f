// What two processes say to each other at a hot restart: the one that comes (successor) asks, the
// one that serves (predecessor) answers. Pure: octets <-> messages; strict: an octet too many or
// too few is an error. Thread: any. docs/hot_restart.md has the order of messages.
//
// Frame: length of the rest (4 octets, network order), kind (1 octet), body. In bodies: numbers in
// network order, texts with a length of 4 octets before them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "api/bytes.h"
#include "api/net/address.h"

namespace outrigger::hot_restart {

// Processes of different versions do not take over from each other. --hot-restart-version shows it.
constexpr uint32_t kProtocolVersion = 1;
// Statistics come in pieces below it; everything else is a few octets.
constexpr size_t kMaxFrame = 1024 * 1024;

struct StatValue {
  enum class Kind : uint8_t {
    counter,
    gauge
  };
  Kind kind = Kind::counter;
  std::string scope;  // prefix: "cluster.a."
  std::string name;   // of the field; of a code counter with its code: "upstream_rq_200"
  uint64_t value = 0;
  bool operator==(const StatValue&) const = default;
};

struct Message {
  enum class Kind : uint8_t {
    // Successor.
    hello = 1,    // number: version, epoch
    take_socket,  // address, number: worker
    close_admin,
    live,        // it serves: accept no more
    get_stats,   // what grew since the last time
    superseded,  // it has a successor itself: its end is no reason to serve again
    terminate,
    // Predecessor.
    welcome,  // number: its epoch
    refused,  // text: why
    socket,   // number: 1 with a descriptor beside the frame, 0 without
    done,     // of close_admin and live
    stats     // stats, number: 1 if more follow
  };
  Kind kind{};
  uint64_t number = 0;
  uint32_t epoch = 0;
  std::string text;
  net::Address address;
  std::vector<StatValue> stats;
};

Message message_of(Message::Kind kind, uint64_t number = 0);
// With its length before it.
std::string encode(const Message& message);
// A frame without its length.
absl::StatusOr<Message> decode(Bytes frame);

// Frames out of a stream of octets, cut at any place.
class FrameReader {
 public:
  // Takes octets; next() gives the frames that they complete.
  void feed(Bytes bytes) { waiting_.append(bytes); }
  enum class State : uint8_t {
    more,   // the frame is not whole yet
    frame,  // `frame` is, until the next call
    error   // its length is above kMaxFrame or 0
  };
  State next(Bytes& frame);

 private:
  std::string waiting_;
  size_t taken_ = 0;  // of the frame that was given last
};

}  // namespace outrigger::hot_restart
