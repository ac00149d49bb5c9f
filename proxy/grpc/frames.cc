#include "proxy/grpc/frames.h"

#include <algorithm>
#include <utility>

namespace outrigger::grpc {

std::array<char, kPrefixBytes> message_prefix(size_t message_bytes) {
  auto octet = [message_bytes](unsigned shift) {
    return static_cast<char>(message_bytes >> shift);
  };
  return {0, octet(24), octet(16), octet(8), octet(0)};
}

MessageReader::MessageReader(size_t max_message_bytes)
    : max_message_bytes_(max_message_bytes == 0 ? kMaxMessageBytes : max_message_bytes) {}

MessageReader::Error MessageReader::feed(Bytes bytes, std::vector<std::string>& messages) {
  while (error_ == Error::none && !bytes.empty()) {
    if (prefix_read_ < kPrefixBytes) {
      size_t taken = std::min(bytes.size(), kPrefixBytes - prefix_read_);
      std::copy_n(bytes.begin(), taken, prefix_.begin() + prefix_read_);
      bytes.remove_prefix(taken);
      prefix_read_ += taken;
      if (prefix_read_ < kPrefixBytes) break;
      if ((error_ = end_prefix()) != Error::none) break;
    }
    size_t taken = std::min(bytes.size(), body_left_);
    message_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    body_left_ -= taken;
    if (body_left_ > 0) break;
    messages.push_back(std::exchange(message_, {}));
    prefix_read_ = 0;
  }
  return error_;
}

MessageReader::Error MessageReader::end_prefix() {
  if (prefix_[0] != 0 && prefix_[0] != 1) return Error::bad_flag;
  if (prefix_[0] == 1 && !identity_) return Error::compressed;
  size_t length = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i)
    length = (length << 8) | static_cast<unsigned char>(prefix_[i]);
  if (length > max_message_bytes_) return Error::too_large;
  body_left_ = length;
  message_.reserve(std::min(length, kReserve));
  return Error::none;
}

std::string_view error_text(MessageReader::Error error) {
  switch (error) {
    case MessageReader::Error::none:
      return "";
    case MessageReader::Error::compressed:
      return "the server sent a compressed message, though no compression was agreed on";
    case MessageReader::Error::bad_flag:
      return "the server sent something that is not a gRPC message";
    case MessageReader::Error::too_large:
      return "the server sent a message above the limit of its size";
  }
  return "";
}

}  // namespace outrigger::grpc
