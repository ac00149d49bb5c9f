#include "proxy/health/grpc_check.h"

#include <vector>

#include "proxy/grpc/frames.h"
#include "proxy/health/http_check.h"

namespace outrigger::health {
namespace {

using http::HeaderId;

constexpr char kServiceTag = 0x0a;          // field 1, octets
constexpr unsigned char kStatusTag = 0x08;  // field 1, a number
constexpr uint64_t kServing = 1;
// The answer is a number in a message.
constexpr uint64_t kMostOfAnAnswer = 4096;

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// False: it ends in the middle.
bool take_varint(std::string_view& from, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    auto octet = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= uint64_t{octet & 0x7fu} << shift;
    if (octet < 0x80) return true;
  }
  return false;
}

}  // namespace

std::string health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message.push_back(kServiceTag);
    put_varint(message, service.size());
    message.append(service);
  }
  auto prefix = grpc::message_prefix(message.size());
  return std::string(prefix.data(), prefix.size()) + message;
}

bool says_serving(std::string_view body) {
  grpc::MessageReader reader(kMostOfAnAnswer);
  std::vector<std::string> messages;
  if (reader.feed(body, messages) != grpc::MessageReader::Error::none || messages.size() != 1)
    return false;
  std::string_view message = messages.front();
  uint64_t status = 0;
  // Servers send nothing but the status; what else there is makes it no answer of this kind.
  if (message.empty() || static_cast<unsigned char>(message.front()) != kStatusTag) return false;
  message.remove_prefix(1);
  return take_varint(message, status) && status == kServing;
}

void GrpcCheck::ask() {
  if (exchange_ == nullptr) {
    exchange_ = std::make_unique<HttpExchange>(
        context().loop, *this, context().cluster,
        HttpExchange::Options{true, health_request(grpc().service_name), kMostOfAnAnswer});
    if (!exchange_->connect(connector_, endpoint())) {
      drop();
      return fail(FailureKind::network);
    }
  }
  exchange_->send();
}

void GrpcCheck::drop() {
  if (exchange_ != nullptr) HttpExchange::close(std::move(exchange_));
}

void GrpcCheck::fill_request(http::HeaderMap& headers) {
  Arena& arena = headers.arena();
  headers.add(HeaderId::method, "POST");
  headers.add(HeaderId::scheme, connector_.secure(endpoint()) ? "https" : "http");
  headers.add(HeaderId::authority,
              arena.copy(check_authority(grpc().authority, endpoint(), *context().cluster)));
  headers.add(HeaderId::path, "/grpc.health.v1.Health/Check");
  headers.add("te", "trailers");
  headers.add("content-type", "application/grpc");
  headers.add(HeaderId::user_agent, "Envoy/HC");
  for (const auto& [name, value] : grpc().metadata) headers.add(name, value);
}

void GrpcCheck::on_answer(const HttpAnswer& answer) {
  std::string_view status =
      (answer.trailers == nullptr ? answer.headers : answer.trailers)->get(HeaderId::grpc_status);
  bool good =
      answer.headers->get(HeaderId::status) == "200" && status == "0" && says_serving(answer.body);
  if (!check().reuse_connection || !answer.reusable) drop();
  good ? succeed(false) : fail(FailureKind::active);
}

void GrpcCheck::on_no_answer() {
  drop();
  fail(FailureKind::network);
}

}  // namespace outrigger::health
