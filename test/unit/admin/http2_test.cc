// HTTP/2 with prior knowledge on the administration's socket: pages, gRPC, limits.
#include <map>
#include <thread>

#include "boost/asio/generic/stream_protocol.hpp"
#include "boost/asio/write.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "envoy/service/status/v3/csds.pb.h"

#include "proxy/admin/admin_server.h"
#include "proxy/admin/grpc_service.h"
#include "proxy/http2/client_codec.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

namespace asio = boost::asio;
using ::testing::HasSubstr;

constexpr const char* kFetch =
    "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus";
constexpr const char* kStream =
    "/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus";

// One stream's answer.
struct Answer final : http::StreamHandler {
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap& headers, bool) override { keep(headers); }
  void on_body(Bytes octets, bool) override { body += octets; }
  void on_trailers(http::HeaderMap& trailers) override { keep(trailers); }
  void on_reset(http::ResetReason, std::string_view) override { over = reset = true; }
  void on_stream_closed() override { over = true; }
  void keep(http::HeaderMap& map) {
    for (const auto& field : map.fields()) fields[std::string(field.name)] = field.value;
  }

  ChunkPool chunks_;
  Arena arena_{chunks_};
  std::map<std::string, std::string> fields;
  std::string body;
  bool over = false;
  bool reset = false;
};

// A blocking client.
class Client final : http::CodecTransport, http::ConnectionEvents {
 public:
  explicit Client(const net::Address& address) : socket_(context_) {
    asio::generic::stream_protocol protocol(address.family(), 0);
    socket_.open(protocol);
    socket_.connect(asio::generic::stream_protocol::endpoint(address.data(), address.length(), 0));
    codec_.emplace(static_cast<http::CodecTransport&>(*this),
                   static_cast<http::ConnectionEvents&>(*this), options_, stats_);
  }
  http::StreamEncoder& open(Answer& answer, const std::string& method, const std::string& path,
                            const std::string& content_type, bool end) {
    http::StreamEncoder& encoder = codec_->open_stream(answer);
    http::HeaderMap headers(answer.arena_);
    headers.add_copy(":method", method);
    headers.add_copy(":scheme", "http");
    headers.add_copy(":authority", "x");
    headers.add_copy(":path", path);
    if (!content_type.empty()) headers.add_copy("content-type", content_type);
    encoder.send_headers(headers, end);
    return encoder;
  }
  template <class Done>
  void read_until(Done done) {
    std::array<char, 65536> buffer;
    boost::system::error_code error;
    for (send(); !done() && !error; send()) {
      size_t octets = socket_.receive(asio::buffer(buffer), 0, error);
      if (!error) codec_->feed({buffer.data(), octets});
    }
  }

 private:
  void send() { asio::write(socket_, asio::buffer(std::exchange(output_, {}))); }
  void write(Bytes octets) override { output_ += octets; }
  char* reserve(size_t octets) override {
    at_ = output_.size();
    output_.resize(at_ + octets);
    return output_.data() + at_;
  }
  void commit(size_t octets) override { output_.resize(at_ + octets); }
  void pause_reading(bool) override {}
  void on_goaway() override {}

  asio::io_context context_;
  asio::generic::stream_protocol::socket socket_;
  http::Http2Options options_;
  http::Http2Stats stats_;
  std::string output_;
  size_t at_ = 0;
  std::optional<http2::Http2ClientCodec> codec_;
};

class AdminHttp2 : public ::testing::Test {
 protected:
  void SetUp() override {
    fake_.proto.mutable_node()->set_id("n1");
    server_ = std::make_unique<AdminServer>(context_, fake_);
    ASSERT_TRUE(server_->listen(*net::Address::from_ip("127.0.0.1", 0)).ok());
    address_ = server_->bound_address();
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    asio::post(context_, [this] { server_->stop(); });
    if (thread_.joinable()) thread_.join();
  }

  FakeServer fake_;
  asio::io_context context_;
  std::unique_ptr<AdminServer> server_;
  net::Address address_;
  std::thread thread_;
};

TEST_F(AdminHttp2, AnswersPages) {
  for (int i = 0; i < 3000; ++i) fake_.add_cluster("c" + std::to_string(i), "127.0.0.1", 80);
  Client client(address_);
  Answer ready, dump, post;
  client.open(ready, "GET", "/ready", "", true);
  client.open(dump, "GET", "/config_dump", "", true);
  client.open(post, "POST", "/healthcheck/fail", "", true);
  client.read_until([&] { return ready.over && dump.over && post.over; });
  EXPECT_EQ(ready.fields[":status"], "200");
  EXPECT_EQ(ready.fields["content-type"], "text/plain; charset=UTF-8");
  EXPECT_EQ(ready.fields["server"], "envoy");
  EXPECT_EQ(ready.body, "LIVE\n");
  EXPECT_GT(dump.body.size(), 300'000u);
  EXPECT_THAT(dump.body, ::testing::EndsWith("]\n}\n"));
  EXPECT_EQ(post.body, "OK\n");
  EXPECT_THAT(fake_.actions, ::testing::ElementsAre("fail"));
}

TEST_F(AdminHttp2, HasTheStatusOfResourcesOverGrpc) {
  Client client(address_);
  Answer fetch;
  client.open(fetch, "POST", kFetch, "application/grpc", false).send_body(grpc_frame(""), true);
  client.read_until([&] { return fetch.over; });
  EXPECT_EQ(fetch.fields[":status"], "200");
  EXPECT_EQ(fetch.fields["content-type"], "application/grpc");
  EXPECT_EQ(fetch.fields["grpc-status"], "0");
  std::string message;
  ASSERT_TRUE(*take_grpc_message(fetch.body, 1 << 20, message));
  envoy::service::status::v3::ClientStatusResponse response;
  ASSERT_TRUE(response.ParseFromString(message));
  EXPECT_EQ(response.config(0).node().id(), "n1");
}

TEST_F(AdminHttp2, AStreamIsAnsweredMessageByMessage) {
  Client client(address_);
  Answer stream;
  auto& encoder = client.open(stream, "POST", kStream, "application/grpc+proto", false);
  std::string frame = grpc_frame("");
  encoder.send_body(frame.substr(0, 2), false);
  encoder.send_body(frame.substr(2), false);
  client.read_until([&] { return !stream.body.empty(); });
  size_t one = stream.body.size();
  EXPECT_FALSE(stream.over);
  encoder.send_body(frame + frame, false);
  client.read_until([&] { return stream.body.size() == 3 * one; });
  EXPECT_TRUE(stream.fields["grpc-status"].empty());
  encoder.send_body("", true);
  client.read_until([&] { return stream.over; });
  EXPECT_EQ(stream.fields["grpc-status"], "0");
}

TEST_F(AdminHttp2, UnknownMethodsAndBadMessagesHaveAStatus) {
  Client client(address_);
  Answer unknown, none, compressed;
  client.open(unknown, "POST", "/no.such.Service/Method", "application/grpc", true);
  client.open(none, "POST", kFetch, "application/grpc", true);
  client.open(compressed, "POST", kStream, "application/grpc", false)
      .send_body("\x01" + grpc_frame("").substr(1), false);
  client.read_until([&] { return unknown.over && none.over && compressed.over; });
  EXPECT_EQ(unknown.fields["grpc-status"], "12");
  EXPECT_EQ(none.fields["grpc-status"], "3");
  EXPECT_EQ(compressed.fields["grpc-status"], "12");
}

TEST_F(AdminHttp2, ABodyThatIsTooLongIsRefused) {
  Client client(address_);
  Answer answer;
  client.open(answer, "POST", "/healthcheck/ok", "", false)
      .send_body(std::string(70'000, 'x'), false);
  client.read_until([&] { return answer.over; });
  EXPECT_EQ(answer.fields[":status"], "413");
  EXPECT_TRUE(fake_.actions.empty());
}

}  // namespace
}  // namespace outrigger::admin
