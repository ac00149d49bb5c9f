#include "filters/http/grpc_web/base64_stream.h"

#include <array>
#include <cstdint>

namespace outrigger::filters::grpc_web {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xff;

constexpr std::array<uint8_t, 256> make_digits() {
  std::array<uint8_t, 256> out{};
  for (uint8_t& digit : out) digit = kNoDigit;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    out[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return out;
}
constexpr std::array<uint8_t, 256> kDigits = make_digits();

// `count` octets, 1 to 3, as four characters.
void encode_group(const char* octets, size_t count, std::string& out) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 3; ++i) {
    bits = bits << 8 | (i < count ? static_cast<unsigned char>(octets[i]) : 0u);
  }
  for (size_t i = 0; i < 4; ++i) {
    out += i <= count ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
  }
}

}  // namespace

void Base64Encoder::write(std::string_view octets, std::string& out) {
  out.reserve(out.size() + (octets.size() / 3 + 1) * 4);
  while (count_ > 0 && count_ < 3 && !octets.empty()) {
    waiting_[count_++] = octets.front();
    octets.remove_prefix(1);
  }
  if (count_ == 3) {
    encode_group(waiting_, 3, out);
    count_ = 0;
  }
  for (; octets.size() >= 3; octets.remove_prefix(3)) encode_group(octets.data(), 3, out);
  for (char octet : octets) waiting_[count_++] = octet;
}

void Base64Encoder::finish(std::string& out) {
  if (count_ > 0) encode_group(waiting_, count_, out);
  count_ = 0;
}

bool Base64Decoder::write(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size() / 4 * 3 + 3);
  for (char character : text) {
    waiting_[count_++] = character;
    if (count_ == 4 && !decode_group(out)) return false;
  }
  return true;
}

bool Base64Decoder::decode_group(std::string& out) {
  count_ = 0;
  size_t octets = 3;
  while (octets > 1 && waiting_[octets] == '=') --octets;
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; ++i) {
    uint8_t digit = i <= octets ? kDigits[static_cast<unsigned char>(waiting_[i])] : uint8_t{0};
    if (digit == kNoDigit) return false;
    bits = bits << 6 | digit;
  }
  // What the padding leaves over must be nothing.
  if (octets < 3 && (bits & ((1u << (8 * (3 - octets))) - 1)) != 0) return false;
  for (size_t i = 0; i < octets; ++i) out += static_cast<char>(bits >> (16 - 8 * i));
  return true;
}

}  // namespace outrigger::filters::grpc_web
