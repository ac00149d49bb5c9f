#include "api/peer_exchange.h"

#include "api/struct_wire.h"

namespace outrigger {
namespace {

constexpr uint32_t kMagic = 0x3d230467;
constexpr size_t kHeaderSize = 8;
// Names and labels of a workload are below 4 KiB; it is kept until it is whole.
constexpr uint32_t kMaxHello = 64 * 1024;
constexpr std::string_view kStructType = "type.googleapis.com/google.protobuf.Struct";

void put_number(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

uint32_t number_at(Bytes bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string magic_octets() {
  std::string out;
  put_number(out, kMagic);
  return out;
}

std::optional<PeerMetadata> read_peer(Bytes bytes, std::span<const std::string> labels) {
  std::optional<WireAny> any = decode_any(bytes);
  if (!any || any->type_url != kStructType) return std::nullopt;
  std::optional<MetadataStruct> hello = decode_struct(any->value);
  if (!hello) return std::nullopt;
  const MetadataValue* metadata = hello->find(kPeerMetadataHeader);
  if (metadata == nullptr || metadata->object() == nullptr) return std::nullopt;
  return PeerMetadata::of(*metadata->object(), labels);
}

}  // namespace

std::string peer_hello(std::string_view node_id, const MetadataStruct& node_metadata,
                       std::span<const std::string> labels) {
  MetadataStruct hello;
  hello[kPeerMetadataHeader] = MetadataValue(PeerMetadata::of(node_metadata, labels).wire());
  if (!node_id.empty()) hello[kPeerMetadataIdHeader] = MetadataValue(std::string(node_id));
  std::string any = encode_any({std::string(kStructType), encode_struct(hello)});
  std::string out;
  put_number(out, kMagic);
  put_number(out, static_cast<uint32_t>(any.size()));
  return out + any;
}

PeerHelloReader::State PeerHelloReader::feed(Bytes data, std::span<const std::string> labels) {
  kept_ += data;
  Bytes all = kept_;
  rest_ = all;
  static const std::string kMagicOctets = magic_octets();
  size_t compared = std::min(all.size(), kMagicOctets.size());
  if (all.substr(0, compared) != Bytes(kMagicOctets).substr(0, compared)) return State::not_found;
  if (all.size() < kHeaderSize) return State::more;
  uint32_t size = number_at(all, 4);
  if (size > kMaxHello) return State::too_long;
  if (all.size() < kHeaderSize + size) return State::more;
  rest_ = all.substr(kHeaderSize + size);
  std::optional<PeerMetadata> peer = read_peer(all.substr(kHeaderSize, size), labels);
  if (!peer) return State::malformed;
  peer_ = *std::move(peer);
  return State::found;
}

}  // namespace outrigger
