#include "proxy/admin/grpc_service.h"

#include "fmt/format.h"

#include "proxy/admin/client_status.h"
#include "proxy/admin/reflection.h"

namespace outrigger::admin {
namespace {

constexpr size_t kFrameHead = 5;  // a flag and the length

constexpr GrpcMethod kMethods[] = {
    {"/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus", true,
     client_status},
    {"/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus", false,
     client_status},
    {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true, reflect},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", true, reflect},
};

size_t length_at(const std::string& buffer) {
  size_t length = 0;
  for (size_t i = 1; i < kFrameHead; ++i)
    length = length << 8 | static_cast<unsigned char>(buffer[i]);
  return length;
}

}  // namespace

const GrpcMethod* find_grpc_method(std::string_view path) {
  for (const GrpcMethod& method : kMethods) {
    if (method.path == path) return &method;
  }
  return nullptr;
}

std::vector<std::string_view> grpc_method_paths() {
  std::vector<std::string_view> out;
  for (const GrpcMethod& method : kMethods) out.push_back(method.path);
  return out;
}

bool is_grpc(std::string_view content_type) {
  constexpr std::string_view kGrpc = "application/grpc";
  return content_type.starts_with(kGrpc) &&
         (content_type.size() == kGrpc.size() || content_type[kGrpc.size()] == '+' ||
          content_type[kGrpc.size()] == ';');
}

absl::StatusOr<bool> take_grpc_message(std::string& buffer, size_t max_bytes,
                                       std::string& message) {
  if (buffer.size() < kFrameHead) return false;
  if (buffer[0] != 0)
    return absl::UnimplementedError("compressed messages are not taken: send none");
  size_t length = length_at(buffer);
  if (length > max_bytes) {
    return absl::ResourceExhaustedError(
        fmt::format("a message of {} octets is longer than the limit of {}", length, max_bytes));
  }
  if (buffer.size() < kFrameHead + length) return false;
  message = buffer.substr(kFrameHead, length);
  buffer.erase(0, kFrameHead + length);
  return true;
}

std::string grpc_frame(std::string_view message) {
  std::string frame(kFrameHead, '\0');
  for (size_t i = 1; i < kFrameHead; ++i)
    frame[i] = static_cast<char>(message.size() >> (8 * (kFrameHead - 1 - i)) & 0xff);
  return frame.append(message);
}

std::string grpc_percent_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e || c == '%') {
      out += fmt::format("%{:02X}", octet);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace outrigger::admin
