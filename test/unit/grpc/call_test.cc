// A call over a pooled connection, against a server that the test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/grpc/client_factory.h"
#include "proxy/grpc/frames.h"
#include "test/unit/http2/harness.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::grpc {
namespace {

using http2::testing::FakeHandler;
using http2::testing::FakeTransport;
using http2::testing::Message;
using outrigger::test::FakeLoop;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kMethod = "/envoy.Discovery/Stream";

// What the caller hears.
struct Heard final : StreamHandler {
  void on_message(std::string message) override {
    messages.push_back(std::move(message));
    if (then_message) then_message();
  }
  void on_closed(Code code, std::string_view message) override {
    EXPECT_FALSE(closed.has_value()) << "told twice";
    closed = code;
    text = message;
    if (then_closed) then_closed();
  }
  std::vector<std::string> messages;
  std::optional<Code> closed;
  std::string text;
  std::function<void()> then_message, then_closed;
};

// The other end of one connection, with our own server codec.
class Server final : public http::ServerEvents {
 public:
  Server(FakeLoop& loop, outrigger::test::FakePeer& peer) : loop_(loop), peer_(peer) {
    codec_ = std::make_unique<http2::Http2ServerCodec>(transport_, *this, options_, stats_);
  }
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    streams.push_back(std::make_unique<FakeHandler>(loop_.chunks()));
    streams.back()->encoder = &encoder;
    return *streams.back();
  }
  void on_goaway() override {}
  // Carries octets until nothing moves.
  void exchange() {
    loop_.settle();
    for (;;) {
      std::string in = peer_.take();
      if (!in.empty()) codec_->feed(in);
      std::string out = transport_.take();
      if (in.empty() && out.empty()) return;
      peer_.send(out);
      loop_.settle();
    }
  }
  void head(std::initializer_list<std::pair<std::string, std::string>> fields = {},
            bool end = false) {
    http2::testing::Fields all(fields);
    if (all.empty()) all = {{":status", "200"}, {"content-type", "application/grpc"}};
    encoder().send_headers(Message(all), end);
    exchange();
  }
  void message(std::string_view text, char flag = 0) {
    auto prefix = message_prefix(text.size());
    prefix[0] = flag;
    encoder().send_body(std::string(prefix.data(), prefix.size()).append(text), false);
    exchange();
  }
  void end(const std::string& status, const std::string& text = "") {
    encoder().send_trailers(Message({{"grpc-status", status}, {"grpc-message", text}}));
    exchange();
  }
  http::StreamEncoder& encoder() { return *streams.back()->encoder; }
  FakeHandler& stream() { return *streams.back(); }
  std::vector<std::unique_ptr<FakeHandler>> streams;

 private:
  FakeLoop& loop_;
  outrigger::test::FakePeer& peer_;
  FakeTransport transport_;
  http::Http2Options options_;
  http::Http2Stats stats_;
  std::unique_ptr<http2::Http2ServerCodec> codec_;
};

class CallTest : public ::testing::Test {
 protected:
  CallTest() {
    config_->http.edit().version = config::UpstreamHttp::Version::http2;
    service_.cluster = config_->ref;
  }
  ~CallTest() override {
    stream_.reset();
    table_.close_all();
    loop_.settle();
  }

  void open(const CallOptions& options = {}) {
    table_.set_clusters({config_});
    if (client_ == nullptr) client_ = clients_.make(service_);
    stream_ = client_->open(kMethod, heard_, options);
  }
  // The connection stands and the request has arrived.
  Server& serve() {
    loop_.settle();
    loop_.peer(0).accept();
    server_ = std::make_unique<Server>(loop_, loop_.peer(0));
    server_->exchange();
    return *server_;
  }
  ClusterStats& stats() { return config_->stats->local<ClusterStats>(0); }

  FakeLoop loop_;
  std::shared_ptr<config::Cluster> config_ =
      outrigger::test::cluster({{outrigger::test::endpoint(80)}});
  upstream::ClusterTable table_{loop_, 0, 1};
  ClusterClients clients_{loop_, table_, 1, {"agent", "192.0.2.7"}};
  config::GrpcService service_;
  std::unique_ptr<Client> client_;
  Heard heard_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Server> server_;
};

TEST_F(CallTest, MessagesGoBothWaysAndTheStatusEndsTheCall) {
  open();
  stream_->send("before the connection");
  EXPECT_GT(stream_->unsent(), 0u);
  Server& server = serve();
  FakeHandler& request = server.stream();
  EXPECT_EQ(request.get(":method"), "POST");
  EXPECT_EQ(request.get(":path"), kMethod);
  EXPECT_EQ(request.get(":scheme"), "http");
  EXPECT_EQ(request.get(":authority"), "backend");
  EXPECT_EQ(request.get("te"), "trailers");
  EXPECT_EQ(request.get("content-type"), "application/grpc");
  EXPECT_EQ(request.get("user-agent"), "agent");
  EXPECT_EQ(request.get("grpc-timeout"), "<none>");
  EXPECT_EQ(request.get("x-envoy-internal"), "<none>");
  EXPECT_EQ(request.body, std::string("\0\0\0\0\x15", 5) + "before the connection");
  EXPECT_EQ(stream_->unsent(), 0u);
  server.head();
  server.message("one");
  stream_->send("");
  server.message("two");
  EXPECT_EQ(request.body.size(), 5u + 21 + 5);
  EXPECT_THAT(heard_.messages, ElementsAre("one", "two"));
  EXPECT_FALSE(heard_.closed);
  server.end("7", "no%20entry");
  EXPECT_EQ(heard_.closed, Code::permission_denied);
  EXPECT_EQ(heard_.text, "no entry");
  EXPECT_EQ(request.reason, http::ResetReason::remote_reset);  // we had more to say
  EXPECT_EQ(stats().upstream_rq_total.value(), 1u);
  EXPECT_EQ(stats().upstream_rq_active.value(), 0);
  EXPECT_EQ(stats().upstream_rq.value(200), 1u);
  EXPECT_EQ(stats().upstream_cx_http2_total.value(), 1u);
}

TEST_F(CallTest, AUnaryCallClosesItsStreamWithoutAReset) {
  open({milliseconds(1500), {{"x-id", "7"}, {"trace-bin", std::string("\0\xff", 2)}}});
  stream_->send("question");
  stream_->close_sending();
  Server& server = serve();
  EXPECT_TRUE(server.stream().end_stream);
  EXPECT_EQ(server.stream().get("grpc-timeout"), "1500m");
  EXPECT_EQ(server.stream().get("x-id"), "7");
  EXPECT_EQ(server.stream().get("trace-bin"), "AP8");
  server.head();
  server.message("answer");
  server.end("0");
  EXPECT_THAT(heard_.messages, ElementsAre("answer"));
  EXPECT_EQ(heard_.closed, Code::ok);
  EXPECT_EQ(server.stream().resets, 0);
  EXPECT_EQ(server.stream().closed, 1);
  EXPECT_EQ(stats().upstream_rq_tx_reset.value(), 0u);
  loop_.advance(milliseconds(2000));  // the deadline is forgotten
}

TEST_F(CallTest, TheServicesMetadataAndEnvoysHeadersGoAlong) {
  service_.envoy_headers = true;
  service_.authority = "xds.example";
  service_.initial_metadata = {{"authorization", "Bearer t"}};
  open();
  Server& server = serve();
  EXPECT_EQ(server.stream().get("x-envoy-internal"), "true");
  EXPECT_EQ(server.stream().get("x-forwarded-for"), "192.0.2.7");
  EXPECT_EQ(server.stream().get(":authority"), "xds.example");
  EXPECT_EQ(server.stream().get("authorization"), "Bearer t");
}

TEST_F(CallTest, NoCallbackComesFromInsideACall) {
  config_->endpoints = std::make_shared<config::EndpointSet>();
  open();
  EXPECT_FALSE(heard_.closed);
  loop_.settle();
  EXPECT_EQ(heard_.closed, Code::unavailable);
  EXPECT_THAT(heard_.text, HasSubstr("no healthy upstream"));
}

TEST_F(CallTest, AClusterThatIsNotThereIsNamed) {
  service_.cluster = {"nobody", 9};
  open();
  loop_.settle();
  EXPECT_EQ(heard_.closed, Code::unavailable);
  EXPECT_EQ(heard_.text, "there is no cluster 'nobody'");
}

TEST_F(CallTest, AnHttp1ClusterIsRefusedInASentence) {
  config_->http.edit().version = config::UpstreamHttp::Version::http1;
  open();
  loop_.settle();
  EXPECT_EQ(heard_.text, "cluster 'backend' speaks HTTP/1: gRPC needs http2_protocol_options");
}

TEST_F(CallTest, ARefusedConnectionIsUnavailable) {
  open();
  loop_.settle();
  loop_.peer(0).refuse(ECONNREFUSED);
  EXPECT_EQ(heard_.closed, Code::unavailable);
  EXPECT_THAT(heard_.text, HasSubstr("Connection refused"));
  EXPECT_EQ(stats().upstream_rq.value(503), 1u);
}

TEST_F(CallTest, ALostConnectionIsUnavailable) {
  open();
  Server& server = serve();
  server.head();
  loop_.peer(0).close();
  EXPECT_EQ(heard_.closed, Code::unavailable);
  EXPECT_EQ(stats().upstream_rq_active.value(), 0);
}

TEST_F(CallTest, ATrailersOnlyAnswerHasTheStatusInItsHead) {
  open();
  serve().head({{":status", "200"}, {"grpc-status", "12"}, {"grpc-message", "no method"}}, true);
  EXPECT_EQ(heard_.closed, Code::unimplemented);
  EXPECT_EQ(heard_.text, "no method");
}

TEST_F(CallTest, AnAnswerThatIsNotGrpcIsMappedByItsStatus) {
  open();
  serve().head({{":status", "503"}, {"content-type", "text/plain"}});
  EXPECT_EQ(heard_.closed, Code::unavailable);
  EXPECT_EQ(heard_.text, "the server answered with HTTP status 503");
}

TEST_F(CallTest, AWebPageIsNotAnAnswer) {
  open();
  serve().head({{":status", "200"}, {"content-type", "text/html"}});
  EXPECT_EQ(heard_.closed, Code::unknown);
  EXPECT_THAT(heard_.text, HasSubstr("text/html"));
}

TEST_F(CallTest, ACompressedMessageIsAnInternalError) {
  open();
  Server& server = serve();
  server.head();
  server.message("x", 1);
  EXPECT_EQ(heard_.closed, Code::internal);
  EXPECT_EQ(server.stream().resets, 1);
}

TEST_F(CallTest, AMessageAboveTheServicesLimitIsRefused) {
  service_.max_receive_message_bytes = 3;
  open();
  Server& server = serve();
  server.head();
  server.message("four");
  EXPECT_EQ(heard_.closed, Code::resource_exhausted);
}

TEST_F(CallTest, AStatusInsideOfAMessageIsAnError) {
  open();
  Server& server = serve();
  server.head();
  server.encoder().send_body(std::string_view("\0\0\0\0\x09half", 9), false);
  server.end("0");
  EXPECT_EQ(heard_.closed, Code::internal);
}

TEST_F(CallTest, TheDeadlineEndsACallWhereverItStands) {
  open({milliseconds(50), {}});
  loop_.settle();
  loop_.advance(milliseconds(60));
  EXPECT_EQ(heard_.closed, Code::deadline_exceeded);
  EXPECT_EQ(stats().upstream_rq_timeout.value(), 1u);
}

TEST_F(CallTest, DestroyingTheStreamCancelsWithoutACallback) {
  open();
  Server& server = serve();
  server.head();
  stream_.reset();
  server.exchange();
  EXPECT_EQ(server.stream().resets, 1);
  EXPECT_FALSE(heard_.closed);
  EXPECT_EQ(stats().upstream_rq_tx_reset.value(), 1u);
}

TEST_F(CallTest, AStreamMayBeDestroyedBeforeItHasAConnection) {
  open();
  stream_.reset();
  loop_.settle();
  EXPECT_EQ(loop_.peer_count(), 0u);
  open();
  loop_.settle();
  stream_.reset();
  loop_.settle();
  EXPECT_FALSE(heard_.closed);
}

TEST_F(CallTest, AStreamMayBeDestroyedInsideItsCallbacks) {
  open();
  Server& server = serve();
  heard_.then_message = [&] { stream_.reset(); };
  server.head();
  auto one = message_prefix(0);
  std::string both(one.data(), one.size());
  server.encoder().send_body(both + both, false);
  server.exchange();
  EXPECT_EQ(heard_.messages.size(), 1u);
  EXPECT_FALSE(heard_.closed);

  heard_ = {};
  heard_.then_closed = [&] { stream_.reset(); };
  open();
  server.exchange();
  server.head();
  server.end("0");
  EXPECT_EQ(heard_.closed, Code::ok);
  EXPECT_EQ(stream_, nullptr);
}

}  // namespace
}  // namespace outrigger::grpc
