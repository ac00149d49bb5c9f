// The server over real loopback and Unix sockets: framing, keep-alive, limits, its socket's file.
#include "proxy/admin/admin_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "boost/asio/generic/stream_protocol.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "proxy/observe/log_writer.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A blocking client with its own context; the server runs in a thread of the fixture.
class Client {
 public:
  explicit Client(const net::Address& address) : socket_(context_) {
    asio::generic::stream_protocol protocol(address.family(), 0);
    asio::generic::stream_protocol::endpoint endpoint(address.data(), address.length());
    socket_.open(protocol);
    socket_.connect(endpoint, error_);
  }
  bool connected() const { return !error_; }

  void send(const std::string& octets) { asio::write(socket_, asio::buffer(octets), error_); }
  // The next answer; status 0: the connection ended before one.
  http::response<http::string_body> receive(bool to_head = false) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(1ull << 30);
    parser.skip(to_head);
    http::read(socket_, buffer_, parser, error_);
    if (error_) return http::response<http::string_body>(static_cast<http::status>(0), 11);
    return parser.release();
  }
  http::response<http::string_body> get(const std::string& target) {
    send("GET " + target + " HTTP/1.1\r\nhost: x\r\n\r\n");
    return receive();
  }
  http::response<http::string_body> post(const std::string& target, const std::string& form,
                                         const std::string& more_headers = "") {
    send("POST " + target +
         " HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n" +
         more_headers + "content-length: " + std::to_string(form.size()) + "\r\n\r\n" + form);
    return receive();
  }
  // Everything until the server closes.
  std::string read_to_end() {
    std::string all(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    asio::read(socket_, asio::dynamic_buffer(all), error_);
    return all;
  }

 private:
  asio::io_context context_;
  asio::generic::stream_protocol::socket socket_;
  boost::beast::flat_buffer buffer_;
  boost::system::error_code error_;
};

class AdminServerTest : public ::testing::Test {
 protected:
  void start(AdminLimits limits = {},
             net::Address address = *net::Address::from_ip("127.0.0.1", 0)) {
    server_ = std::make_unique<AdminServer>(context_, fake_, limits);
    status_ = server_->listen(address);
    if (!status_.ok()) return;
    address_ = server_->bound_address();
    thread_ = std::thread([this] { context_.run(); });
  }
  void TearDown() override {
    asio::post(context_, [this] { server_->stop(); });
    if (thread_.joinable()) thread_.join();  // ends only if no connection and no timer is left
  }

  FakeServer fake_;
  asio::io_context context_;
  std::unique_ptr<AdminServer> server_;
  absl::Status status_;
  net::Address address_;
  std::thread thread_;
};

TEST_F(AdminServerTest, AnswersWithEnvoysHeaders) {
  start();
  Client client(address_);
  auto answer = client.get("/ready");
  EXPECT_EQ(answer.result_int(), 200u);
  EXPECT_EQ(answer.body(), "LIVE\n");
  EXPECT_EQ(answer[http::field::content_type], "text/plain; charset=UTF-8");
  EXPECT_EQ(answer[http::field::cache_control], "no-cache, max-age=0");
  EXPECT_EQ(answer["x-content-type-options"], "nosniff");
  EXPECT_EQ(answer[http::field::server], "envoy");
  EXPECT_EQ(answer[http::field::date].size(), std::string("Sat, 21 Nov 2026 15:33:32 GMT").size());
  EXPECT_NE(address_.port(), 0);
}

TEST_F(AdminServerTest, KeepsConnectionsAndTakesPipelinedRequests) {
  start();
  Client client(address_);
  EXPECT_EQ(client.get("/ready").body(), "LIVE\n");
  client.send(
      "GET /ready HTTP/1.1\r\nhost: x\r\n\r\nGET /hot_restart_version HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(client.receive().body(), "LIVE\n");
  EXPECT_EQ(client.receive().body(), "disabled");
}

TEST_F(AdminServerTest, CountsItsOwnConnectionsAndRequests) {
  start();
  Client client(address_);
  client.get("/ready");
  client.get("/no-such-page");
  std::string stats = client.get("/stats?filter=admin").body();
  for (const char* line :
       {"http.admin.downstream_cx_active: 1\n", "http.admin.downstream_cx_http1_total: 1\n",
        "http.admin.downstream_rq_total: 3\n", "http.admin.downstream_rq_active: 1\n",
        "http.admin.downstream_rq_2xx: 1\n", "http.admin.downstream_rq_4xx: 1\n",
        "listener.admin.downstream_cx_total: 1\n",
        "listener.admin.http.admin.downstream_rq_completed: 2\n",
        "listener.admin.main_thread.downstream_cx_active: 1\n"})
    EXPECT_THAT(stats, HasSubstr(line));
}

TEST_F(AdminServerTest, ARequestThatCannotBeReadIsCounted) {
  start();
  Client broken(address_);
  broken.send("GET\r\n\r\n");
  EXPECT_EQ(broken.receive().result_int(), 400u);
  Client client(address_);
  std::string stats = client.get("/stats?filter=http.admin").body();
  EXPECT_THAT(stats, HasSubstr("http.admin.downstream_cx_total: 2\n"));
  EXPECT_THAT(stats, HasSubstr("http.admin.downstream_rq_total: 2\n"));
}

TEST_F(AdminServerTest, StreamsLargeAnswersInChunks) {
  for (int i = 0; i < 2000; ++i) fake_.add_cluster("c" + std::to_string(i), "127.0.0.1", 80);
  start();
  Client client(address_);
  auto answer = client.get("/clusters");
  EXPECT_EQ(answer[http::field::transfer_encoding], "chunked");
  EXPECT_THAT(answer.body(), HasSubstr("c1999::127.0.0.1:80::priority::0\n"));
  EXPECT_EQ(client.get("/clusters?filter=none").body(), "");
  EXPECT_EQ(client.get("/ready").body(), "LIVE\n");
}

TEST_F(AdminServerTest, EndsTheConnectionForHttp10WithoutKeepAlive) {
  fake_.add_cluster("c", "127.0.0.1", 80);
  start();
  Client client(address_);
  client.send("GET /clusters HTTP/1.0\r\n\r\n");
  std::string all = client.read_to_end();
  EXPECT_THAT(all, StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_THAT(all, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(all, HasSubstr("c::observability_name::c\n"));
}

TEST_F(AdminServerTest, AnswersHeadWithoutABody) {
  start();
  Client client(address_);
  client.send("HEAD /ready HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(client.receive(true)[http::field::content_length], "5");
  EXPECT_EQ(client.get("/ready").body(), "LIVE\n");
}

TEST_F(AdminServerTest, TakesParametersFromAFormBody) {
  start();
  Client client(address_);
  EXPECT_EQ(client.post("/runtime_modify", "a=7&new=x+y").body(), "OK\n");
  auto runtime = client.get("/runtime").body();
  EXPECT_THAT(runtime, HasSubstr("\"final_value\": \"7\""));
  EXPECT_THAT(runtime, HasSubstr("\"x y\""));
}

TEST_F(AdminServerTest, RefusesChangesFromOtherSites) {
  start();
  Client client(address_);
  EXPECT_EQ(client.post("/healthcheck/fail", "", "origin: http://evil.example\r\n").result_int(),
            403u);
  EXPECT_EQ(client.post("/reopen_logs", "", "origin: http://x\r\n").result_int(), 200u);
  EXPECT_THAT(fake_.actions, ::testing::ElementsAre("reopen"));
}

TEST_F(AdminServerTest, QuitsAfterTheAnswer) {
  start();
  Client client(address_);
  EXPECT_EQ(client.post("/quitquitquit", "").body(), "OK\n");
  client.get("/ready");  // answered on the same thread, after the action
  EXPECT_THAT(fake_.actions, ::testing::ElementsAre("quit"));
}

TEST_F(AdminServerTest, TakesAbsoluteFormAndDoubledSlashes) {
  start();
  Client client(address_);
  EXPECT_EQ(client.get("http://somewhere/ready?x#y").body(), "LIVE\n");
  EXPECT_EQ(client.get("//ready").body(), "LIVE\n");
  EXPECT_EQ(client.get("http://somewhere").result_int(), 200u);
}

TEST_F(AdminServerTest, RefusesWhatItCannotRead) {
  AdminLimits limits;
  limits.header_bytes = 1024;
  limits.body_bytes = 100;
  start(limits);
  const std::pair<std::string, unsigned> wrong[] = {
      {"GARBAGE\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400},
      {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n\r\n", 431},
      {"POST /logging HTTP/1.1\r\nhost: x\r\ncontent-length: 101\r\n\r\n", 413},
      {"GET / HTTP/3.0\r\n\r\n", 505},
  };
  for (const auto& [octets, status] : wrong) {
    Client client(address_);
    client.send(octets);
    EXPECT_EQ(client.receive().result_int(), status) << octets.substr(0, 40);
  }
}

TEST_F(AdminServerTest, ClosesSlowAndIdleConnections) {
  AdminLimits limits;
  limits.idle = std::chrono::seconds(0);
  start(limits);
  Client idle(address_);
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST_F(AdminServerTest, ClosesConnectionsWhoseRequestDoesNotEnd) {
  AdminLimits limits;
  limits.request = std::chrono::seconds(0);
  start(limits);
  Client slow(address_);
  slow.send("GET /ready HT");
  EXPECT_EQ(slow.read_to_end(), "");
}

TEST_F(AdminServerTest, LetsFurtherConnectionsWaitForRoom) {
  AdminLimits limits;
  limits.connections = 1;
  start(limits);
  auto first = std::make_unique<Client>(address_);
  EXPECT_EQ(first->get("/ready").body(), "LIVE\n");
  Client second(address_);  // accepted by the kernel only
  second.send("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
  first.reset();
  EXPECT_EQ(second.receive().body(), "LIVE\n");
}

config::LogCommand command(config::LogField field, std::string text = "") {
  config::LogCommand command;
  command.field = field;
  command.text = std::move(text);
  return command;
}

// Method, path, protocol, code, octets sent, user agent, local address.
config::SubstitutionFormat line_format() {
  using Field = config::LogField;
  config::SubstitutionFormat format;
  for (const config::LogCommand& each :
       {command(Field::request_header, ":method"), command(Field::request_header, ":path"),
        command(Field::protocol), command(Field::response_code), command(Field::bytes_sent),
        command(Field::request_header, "user-agent"), command(Field::downstream_local_address)}) {
    format.push_back(each);
    format.push_back(command(Field::literal, " "));
  }
  format.back().text = "\n";
  return format;
}

TEST_F(AdminServerTest, WritesItsAccessLog) {
  char path[] = "/tmp/outrigger-admin-log-XXXXXX";
  close(mkstemp(path));
  {
    observe::LogWriter writer(fake_.store);
    fake_.log_writer = &writer;
    config::AccessLog log;
    log.path = path;
    log.format.format = line_format();
    fake_.compiled.admin.emplace();
    fake_.compiled.admin->access_logs.push_back(log);
    start();
    Client client(address_);
    client.send("GET /ready?x HTTP/1.1\r\nhost: me\r\nuser-agent: test\r\n\r\n");
    client.receive();
    client.get("/ready");  // on the same connection: the first request's line is written by then
    asio::post(context_, [this] { server_->stop(); });
    thread_.join();
    server_.reset();
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_THAT(text.str(), StartsWith("GET /ready?x HTTP/1.1 200 5 test " + address_.text() + "\n"));
  unlink(path);
}

// The context's end destroys coroutines that still wait.
TEST_F(AdminServerTest, MayEndWithConnectionsOpen) {
  asio::io_context context;
  auto server = std::make_unique<AdminServer>(context, fake_);
  ASSERT_TRUE(server->listen(*net::Address::from_ip("127.0.0.1", 0)).ok());
  Client idle(server->bound_address());
  Client half(server->bound_address());
  half.send("GET /rea");
  context.poll();
  server.reset();
  EXPECT_EQ(idle.read_to_end(), "");
}

class UnixAdminServer : public AdminServerTest {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/outrigger-admin-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ / "admin.sock";
    unix_address_ = *net::Address::from_unix_path(path_.string());
  }
  void TearDown() override {
    AdminServerTest::TearDown();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  net::Address unix_address_;
};

TEST_F(UnixAdminServer, ListensWithTheGivenModeAndCleansUp) {
  fake_.proto.mutable_admin()->mutable_address()->mutable_pipe()->set_mode(0600);
  start({}, unix_address_);
  ASSERT_TRUE(status_.ok()) << status_.message();
  struct stat file {};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  Client client(unix_address_);
  EXPECT_EQ(client.get("/ready").body(), "LIVE\n");
  asio::post(context_, [this] { server_->stop(); });
  thread_.join();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixAdminServer, ReplacesTheFileOfADeadProcess) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, unix_address_.data(), unix_address_.length()), 0);
  close(fd);  // the file stays
  start({}, unix_address_);
  ASSERT_TRUE(status_.ok()) << status_.message();
  EXPECT_EQ(Client(unix_address_).get("/ready").body(), "LIVE\n");
}

TEST_F(UnixAdminServer, LeavesALivingSocketAndOtherFilesAlone) {
  start({}, unix_address_);
  AdminServer other(context_, fake_);
  EXPECT_THAT(std::string(other.listen(unix_address_).message()),
              HasSubstr("Address already in use"));
  EXPECT_EQ(Client(unix_address_).get("/ready").body(), "LIVE\n");

  std::filesystem::path plain = folder_ / "file";
  std::ofstream(plain) << "x";
  EXPECT_FALSE(other.listen(*net::Address::from_unix_path(plain.string())).ok());
  EXPECT_TRUE(std::filesystem::exists(plain));
}

TEST_F(AdminServerTest, SaysWhichAddressIsTaken) {
  start();
  AdminServer other(context_, fake_);
  EXPECT_THAT(std::string(other.listen(address_).message()),
              HasSubstr("cannot bind to " + address_.text() + ": Address already in use"));
}

}  // namespace
}  // namespace outrigger::admin
