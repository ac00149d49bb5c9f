// gRPC's message framing: wherever the octets are cut, the same messages come out, or the same
// error; what came out, framed anew, is what went in.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/grpc/frames.h"

namespace {

using outrigger::grpc::MessageReader;

constexpr size_t kLimit = 1024;

struct Outcome {
  std::vector<std::string> messages;
  MessageReader::Error error = MessageReader::Error::none;
  bool between = true;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view octets, size_t piece, bool identity) {
  Outcome out;
  MessageReader reader(kLimit);
  if (identity) reader.allow_identity();
  for (size_t at = 0; at < octets.size(); at += piece)
    out.error = reader.feed(octets.substr(at, piece), out.messages);
  out.between = reader.between_messages();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  size_t piece = data[0] % 31 + 1;
  bool identity = data[1] % 2 == 1;
  std::string_view octets(reinterpret_cast<const char*>(data) + 2, size - 2);
  Outcome whole = read(octets, octets.size() + 1, identity);
  if (read(octets, piece, identity) != whole) abort();
  if (whole.error != MessageReader::Error::none || !whole.between) return 0;
  std::string again;
  for (const std::string& message : whole.messages) {
    if (message.size() > kLimit) abort();
    auto prefix = outrigger::grpc::message_prefix(message.size());
    again.append(prefix.data(), prefix.size()).append(message);
  }
  // The flag of an identity message says nothing.
  if (identity ? again.size() != octets.size() : again != octets) abort();
  return 0;
}
