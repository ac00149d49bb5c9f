// Against another parser: whatever the server codec takes for a complete request, Boost.Beast takes
// for the same one: method, target, fields, body, and the place where the next one begins. Two
// parsers that differ here are what request smuggling is made of.
//
// Known differences, where this codec is the wider one on purpose:
// - Empty lines before a request are skipped (RFC 9112, 2.2); Beast refuses them. They are cut off
// first.
// - Chunk extensions are dropped unread if they hold nothing but text; Beast wants its grammar.
// Requests
//   with a ";" in a chunk's size line are not compared. The test counts that they stay few.
// And where only the form differs: Host is :authority, an absolute target is taken apart,
// transfer-encoding is consumed, an "upgrade" that is not to be followed is removed, and trailers
// are not fields of the head.
#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

namespace beast = boost::beast;

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string target;
  FieldList fields;  // sorted by name, lower case
  std::string body;
  bool operator==(const Request&) const = default;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_compared(const std::string& name) {
  return name != "host" && name != "transfer-encoding" && name != "upgrade" &&
         name != "http2-settings" && name != "content-length";
}

void normalize(Request& request) {
  auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(request.fields.begin(), request.fields.end(), by_name);
}

void add_fields(const http::HeaderMap& map, FieldList& fields) {
  for (const http::HeaderField& field : map.fields()) {
    std::string name(field.name);
    if (name.front() != ':' && is_compared(name)) fields.emplace_back(name, field.value);
  }
}

// What the codec made of it, as a request line has it. Nothing: not a complete request.
std::optional<Request> understood(const FakeStream& stream) {
  if (stream.received == nullptr || !stream.ended) return std::nullopt;
  if (stream.story().find("error") != std::string::npos) return std::nullopt;
  const http::HeaderMap& map = *stream.received;
  Request request;
  request.method = map.get(http::HeaderId::method);
  request.target = map.get(http::HeaderId::path);
  request.body = stream.body;
  add_fields(map, request.fields);
  if (stream.received_trailers != nullptr) add_fields(*stream.received_trailers, request.fields);
  normalize(request);
  return request;
}

struct BeastResult {
  std::optional<Request> request;
  std::string host;
  std::string error;
};

// Parses one request and takes it off `text`.
BeastResult beast_parse(std::string_view& text) {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.eager(true);
  parser.body_limit(boost::none);
  parser.header_limit(64 * 1024);
  beast::error_code error;
  size_t used = parser.put(boost::asio::buffer(text.data(), text.size()), error);
  text.remove_prefix(used);
  BeastResult result;
  if (error || !parser.is_done()) {
    result.error = error.message();
    return result;
  }
  Request request;
  auto message = parser.release();
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.body = message.body();
  for (const auto& field : message) {
    std::string name = lower(std::string(field.name_string()));
    if (name == "host") result.host = std::string(field.value());
    if (is_compared(name)) request.fields.emplace_back(name, std::string(field.value()));
  }
  normalize(request);
  result.request = request;
  return result;
}

void skip_empty_lines(std::string_view& text) {
  while (text.starts_with("\r\n")) text.remove_prefix(2);
}

bool is_absolute(const http::HeaderMap& map) {
  return map.has(http::HeaderId::scheme);
}

struct Tally {
  int accepted = 0;
  int with_extension = 0;
};

void compare(const std::string& wire, Tally& tally) {
  http::Http1Options options = Server::with_http10();
  options.enable_trailers = true;
  Server server(options);
  server.answering().feed(wire);
  std::string_view rest = wire;
  for (const auto& stream : server.events.streams) {
    std::optional<Request> ours = understood(*stream);
    if (!ours) return;
    ++tally.accepted;
    skip_empty_lines(rest);
    std::string_view from = rest;
    BeastResult theirs = beast_parse(rest);
    if (from.find(';') != std::string_view::npos && !theirs.request) {
      ++tally.with_extension;
      return;
    }
    ASSERT_TRUE(theirs.request) << theirs.error << "\n" << testing::PrintToString(wire);
    if (is_absolute(*stream->received)) {
      theirs.request->target = ours->target;
    } else {
      ASSERT_EQ(stream->received->get(http::HeaderId::authority), theirs.host);
    }
    ASSERT_EQ(ours->method, theirs.request->method) << testing::PrintToString(wire);
    ASSERT_EQ(ours->target, theirs.request->target) << testing::PrintToString(wire);
    ASSERT_EQ(ours->fields, theirs.request->fields) << testing::PrintToString(wire);
    ASSERT_EQ(ours->body, theirs.request->body) << testing::PrintToString(wire);
  }
}

const std::string_view kCorpus[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: example.com:80\r\nUser-Agent: curl/8\r\nAccept: */*\r\n"
    "Cookie: a=b\r\nCookie: c=d\r\nX-Empty:\r\nX-Space: \t a b \t\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello "
    "world"
    "GET /next HTTP/1.1\r\nHost: b\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n"
    "0\r\n\r\nDELETE / HTTP/1.1\r\nHost: c\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
    "Chunked\r\n\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\n"
    "Trailer: x\r\n\r\n",
    "\r\nHEAD / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-A\r\nX-A: caf\xc3\xa9\r\n\r\n",
    "GET http://x.y/z HTTP/1.1\r\nHost: q\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
};

TEST(Http1Differential, ValidRequestsAreTheSame) {
  Tally tally;
  for (std::string_view text : kCorpus) compare(std::string(text), tally);
  EXPECT_EQ(tally.accepted, 13);
}

// What an attacker would put at a random place.
const std::string_view kPieces[] = {"\r\n",
                                    "\n",
                                    "\r",
                                    "\t",
                                    " ",
                                    ":",
                                    ",",
                                    ";",
                                    std::string_view("\0", 1),
                                    "\x0b",
                                    "\x7f",
                                    "\x80",
                                    "0",
                                    "1",
                                    "a",
                                    "Content-Length: 3\r\n",
                                    "Content-Length: 0\r\n",
                                    "Transfer-Encoding: chunked\r\n",
                                    "Transfer-Encoding: identity\r\n",
                                    "chunked",
                                    "gzip, ",
                                    "Host: b\r\n",
                                    "\r\n\r\n",
                                    " HTTP/1.1",
                                    "Connection: close\r\n",
                                    "0\r\n\r\n",
                                    "GET / HTTP/1.1\r\n",
                                    "-",
                                    "+",
                                    "0x",
                                    "\r\n ",
                                    "\r\nX: y"};

std::string mutate(std::string text, std::mt19937& random) {
  auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  size_t edits = 1 + below(3);
  for (size_t i = 0; i < edits; ++i) {
    size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2: {
        std::string part = text.substr(at, below(40));
        text.insert(below(text.size() + 1), part);
        break;
      }
      default:
        text.insert(at, kPieces[below(std::size(kPieces))]);
    }
  }
  return text;
}

TEST(Http1Differential, MutatedRequestsAreTheSameOrRefused) {
  constexpr int kRounds = 60000;
  std::mt19937 random(20240229);
  Tally tally;
  for (int i = 0; i < kRounds && !testing::Test::HasFatalFailure(); ++i) {
    compare(mutate(std::string(kCorpus[random() % std::size(kCorpus)]), random), tally);
  }
  // The test must not pass because everything is refused, or excused.
  EXPECT_GT(tally.accepted, kRounds / 6);
  EXPECT_LT(tally.with_extension, kRounds / 100);
}

}  // namespace
}  // namespace outrigger::http1::test
