#include "proxy/hot_restart/protocol.h"

#include <optional>

#include "fmt/format.h"

namespace outrigger::hot_restart {
namespace {

constexpr size_t kLengthBytes = 4;

enum class AddressKind : uint8_t {
  ip,
  unix_path
};

void put(std::string& out, uint64_t number, unsigned octets) {
  for (unsigned i = octets; i > 0; --i) out.push_back(static_cast<char>(number >> (8 * (i - 1))));
}

void put(std::string& out, std::string_view text) {
  put(out, text.size(), 4);
  out.append(text);
}

void put(std::string& out, const net::Address& address) {
  put(out, static_cast<uint64_t>(address.is_unix() ? AddressKind::unix_path : AddressKind::ip), 1);
  put(out, address.ip_text());
  put(out, address.is_unix() ? 0 : address.port(), 2);
}

void put(std::string& out, const StatValue& stat) {
  put(out, static_cast<uint64_t>(stat.kind), 1);
  put(out, stat.scope);
  put(out, stat.name);
  put(out, stat.value, 8);
}

// Reads a body; after an octet that is missing nothing is read any more.
class Reader {
 public:
  explicit Reader(Bytes body) : left_(body) {}

  uint64_t number(unsigned octets) {
    Bytes bytes = take(octets);
    uint64_t value = 0;
    for (char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }
  std::string text() { return std::string(take(number(4))); }
  net::Address address() {
    uint64_t kind = number(1);
    std::string text = this->text();
    auto port = static_cast<uint16_t>(number(2));
    std::optional<net::Address> out;
    if (kind == static_cast<uint64_t>(AddressKind::ip)) out = net::Address::from_ip(text, port);
    if (kind == static_cast<uint64_t>(AddressKind::unix_path) && port == 0)
      out = net::Address::from_unix_path(text);
    failed_ = failed_ || !out;
    return out.value_or(net::Address());
  }
  StatValue stat() {
    StatValue out;
    uint64_t kind = number(1);
    failed_ = failed_ || kind > static_cast<uint64_t>(StatValue::Kind::gauge);
    out.kind = static_cast<StatValue::Kind>(kind);
    out.scope = text();
    out.name = text();
    out.value = number(8);
    return out;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return left_.empty(); }

 private:
  Bytes take(uint64_t octets) {
    if (failed_ || octets > left_.size()) {
      failed_ = true;
      return {};
    }
    Bytes out = left_.substr(0, octets);
    left_.remove_prefix(octets);
    return out;
  }

  Bytes left_;
  bool failed_ = false;
};

void put_body(std::string& out, const Message& message) {
  using Kind = Message::Kind;
  switch (message.kind) {
    case Kind::hello:
      put(out, message.number, 4);
      put(out, message.epoch, 4);
      return;
    case Kind::take_socket:
      put(out, message.address);
      put(out, message.number, 4);
      return;
    case Kind::refused:
      put(out, message.text);
      return;
    case Kind::welcome:
    case Kind::socket:
      put(out, message.number, 4);
      return;
    case Kind::stats:
      put(out, message.number, 1);
      for (const StatValue& stat : message.stats) put(out, stat);
      return;
    case Kind::close_admin:
    case Kind::live:
    case Kind::get_stats:
    case Kind::superseded:
    case Kind::terminate:
    case Kind::done:
      return;
  }
}

// False: there is no such kind.
bool read_body(Reader& in, Message& out) {
  using Kind = Message::Kind;
  switch (out.kind) {
    case Kind::hello:
      out.number = in.number(4);
      out.epoch = static_cast<uint32_t>(in.number(4));
      return true;
    case Kind::take_socket:
      out.address = in.address();
      out.number = in.number(4);
      return true;
    case Kind::refused:
      out.text = in.text();
      return true;
    case Kind::welcome:
    case Kind::socket:
      out.number = in.number(4);
      return true;
    case Kind::stats:
      out.number = in.number(1);
      while (!in.failed() && !in.at_end()) out.stats.push_back(in.stat());
      return true;
    case Kind::close_admin:
    case Kind::live:
    case Kind::get_stats:
    case Kind::superseded:
    case Kind::terminate:
    case Kind::done:
      return true;
  }
  return false;
}

}  // namespace

Message message_of(Message::Kind kind, uint64_t number) {
  Message out;
  out.kind = kind;
  out.number = number;
  return out;
}

std::string encode(const Message& message) {
  std::string out;
  put(out, static_cast<uint64_t>(message.kind), 1);
  put_body(out, message);
  std::string frame;
  put(frame, out.size(), kLengthBytes);
  return frame + out;
}

absl::StatusOr<Message> decode(Bytes frame) {
  Reader in(frame);
  Message out;
  uint64_t kind = in.number(1);
  out.kind = static_cast<Message::Kind>(kind);
  if (!read_body(in, out))
    return absl::InvalidArgumentError(fmt::format("there is no message of the kind {}", kind));
  if (in.failed() || !in.at_end())
    return absl::InvalidArgumentError(fmt::format("a message of the kind {} is malformed", kind));
  return out;
}

FrameReader::State FrameReader::next(Bytes& frame) {
  waiting_.erase(0, taken_);
  taken_ = 0;
  if (waiting_.size() < kLengthBytes) return State::more;
  size_t length = Reader(Bytes(waiting_).substr(0, kLengthBytes)).number(kLengthBytes);
  if (length == 0 || length > kMaxFrame) return State::error;
  if (waiting_.size() - kLengthBytes < length) return State::more;
  frame = Bytes(waiting_).substr(kLengthBytes, length);
  taken_ = kLengthBytes + length;
  return State::frame;
}

}  // namespace outrigger::hot_restart
