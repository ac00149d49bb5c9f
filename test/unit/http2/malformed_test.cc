// Messages and frames that RFC 9113 forbids, and heads beyond the limits.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

using http::FeedResult;
using http::ResetReason;

constexpr uint32_t kProtocolError = 1;

Fields with(Fields fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::vector<std::pair<const char*, Fields>> bad_heads() {
  return {
      {"upper case name", with(get_request(), {{"X-Upper", "1"}})},
      {"unknown pseudo-header", with({{":what", "1"}}, get_request())},
      {"response pseudo-header", with({{":status", "200"}}, get_request())},
      {"pseudo-header after others", with({{"a", "b"}}, get_request())},
      {"second :path", with({{":path", "/2"}}, get_request())},
      {"no :method", {{":scheme", "http"}, {":authority", "a"}, {":path", "/"}}},
      {"no :path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}},
      {"empty :path",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", ""}}},
      {"connection", with(get_request(), {{"connection", "close"}})},
      {"transfer-encoding", with(get_request(), {{"transfer-encoding", "chunked"}})},
      {"te", with(get_request(), {{"te", "gzip"}})},
      {"NUL in a value", with(get_request(), {{"x", std::string("a\0b", 3)}})},
      {"CR in a value", with(get_request(), {{"x", "a\rb"}})},
      {"LF in a value", with(get_request(), {{"x", "a\nb: c"}})},
      {"space in a name", with(get_request(), {{"x y", "1"}})},
      {"empty name", with(get_request(), {{"", "1"}})},
      {"content-length that is no number", with(get_request(), {{"content-length", "1x"}})},
      {"two content-lengths",
       with(post_request(), {{"content-length", "1"}, {"content-length", "2"}})},
      {"content-length without a body", with(get_request(), {{"content-length", "5"}})},
  };
}

TEST(Malformed, EndsTheConnectionByDefault) {
  for (const auto& [what, fields] : bad_heads()) {
    ServerSide server;
    FeedResult result = server.codec.feed(preface() + headers(1, fields));
    EXPECT_EQ(result.kind, FeedResult::Kind::close) << what;
    EXPECT_TRUE(result.detail == "http2.invalid.header.field" ||
                result.detail == "http2.violation.of.messaging.rule")
        << what;
    EXPECT_EQ(of_type(server.transport.out, kGoaway).at(0).code(), kProtocolError) << what;
    EXPECT_EQ(server.stats.rx_messaging_error.value(), 1u) << what;
    EXPECT_TRUE(server.stream().headers.empty()) << what;
    server.codec.on_connection_lost(ResetReason::connection_termination, result.detail);
    EXPECT_EQ(server.stream().reason, ResetReason::protocol_error) << what;
  }
}

TEST(Malformed, EndsOnlyTheStreamWhenOverridden) {
  for (const auto& [what, fields] : bad_heads()) {
    http::Http2Options options;
    options.override_stream_error_on_invalid_http_message = true;
    ServerSide server(options);
    FeedResult result = server.codec.feed(preface() + headers(1, fields) + get(3));
    EXPECT_EQ(result.kind, FeedResult::Kind::ok) << what;
    EXPECT_EQ(of_type(server.transport.out, kRstStream).at(0).code(), kProtocolError) << what;
    EXPECT_EQ(server.stream(0).resets, 1) << what;
    EXPECT_EQ(server.stream(0).reason, ResetReason::protocol_error) << what;
    EXPECT_TRUE(server.stream(1).end_stream) << what;
  }
}

TEST(Malformed, BodyShorterThanContentLength) {
  ServerSide server;
  server.codec.feed(preface() +
                    headers(1, with(post_request(), {{"content-length", "10"}}), kNone) +
                    frame(kData, kEndStream, 1, "short"));
  EXPECT_FALSE(server.stream().end_stream) << "a handler must not take it for a whole message";
  EXPECT_EQ(server.stream().resets, 1);
  EXPECT_EQ(server.stream().reason, ResetReason::protocol_error);
  EXPECT_EQ(of_type(server.transport.out, kRstStream).at(0).code(), kProtocolError);
}

TEST(Malformed, BodyLongerThanContentLength) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, with(post_request(), {{"content-length", "3"}}), kNone) +
                    frame(kData, kNone, 1, "longer"));
  EXPECT_FALSE(server.stream().end_stream);
  EXPECT_EQ(server.stream().resets, 1);
}

TEST(Malformed, TrailersWithPseudoHeaders) {
  ServerSide server;
  FeedResult result = server.codec.feed(preface() + headers(1, post_request(), kNone) +
                                        headers(1, {{":path", "/"}}));
  EXPECT_EQ(result.kind, FeedResult::Kind::close);
  EXPECT_TRUE(server.stream().trailers.empty());
}

TEST(Malformed, ConnectionErrorsAreNamed) {
  struct Case {
    const char* detail;
    std::string bytes;
  };
  const Case kCases[] = {
      {"http2.protocol_error", frame(kData, kNone, 1, "idle")},
      {"http2.protocol_error", headers(2, get_request())},
      {"http2.protocol_error", window_update(0, 0)},
      {"http2.flow_control_error", window_update(0, 0x7fffffff)},
      {"http2.frame_size_error", frame(kPing, kNone, 0, "short")},
      {"http2.frame_size_error", frame(kSettings, kNone, 0, "12345")},
      {"http2.compression_error",
       frame(kHeaders, kEndStream | kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff")},
      {"http2.stream_closed",
       headers(1, get_request(), kEndStream) + frame(kData, kEndStream, 1, "more")},
  };
  for (const Case& each : kCases) {
    ServerSide server;
    FeedResult result = server.codec.feed(preface() + each.bytes);
    EXPECT_EQ(result.kind, FeedResult::Kind::close) << each.detail;
    EXPECT_EQ(result.detail, each.detail);
    EXPECT_EQ(of_type(server.transport.out, kGoaway).size(), 1u) << each.detail;
    EXPECT_EQ(server.codec.feed("anything").kind, FeedResult::Kind::close);
  }
}

TEST(Malformed, FramesOnStreamsThatThePeerHasEnded) {
  const std::string kEnds[] = {get(1), headers(1, post_request(), kNone) + reset(1, 8)};
  const std::string kMore[] = {frame(kData, kEndStream, 1, "more"), headers(1, {{"x", "trailer"}})};
  for (const std::string& end : kEnds) {
    for (const std::string& more : kMore) {
      ServerSide server;
      server.answer_with("");
      ASSERT_EQ(server.codec.feed(preface() + end).kind, FeedResult::Kind::ok);
      FeedResult result;
      for (char octet : more) result = server.codec.feed({&octet, 1});
      EXPECT_EQ(result.kind, FeedResult::Kind::close);
      EXPECT_EQ(result.detail, "http2.stream_closed");
      EXPECT_EQ(of_type(server.transport.out, kGoaway).at(0).code(), 5u);
    }
  }
}

TEST(Malformed, FramesThatCrossedOurOwnResetAreIgnored) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, post_request(), kNone));
  server.stream().encoder->reset(ResetReason::local_reset);
  FeedResult result =
      server.codec.feed(frame(kData, kNone, 1, "late") + headers(1, {{"x", "trailer"}}) + get(3));
  EXPECT_EQ(result.kind, FeedResult::Kind::ok);
  EXPECT_TRUE(server.stream(1).end_stream);
}

TEST(Malformed, AStreamIdThatWasPassedOver) {
  ServerSide server;
  ASSERT_EQ(server.codec.feed(preface() + get(1) + get(5)).kind, FeedResult::Kind::ok);
  FeedResult result = server.codec.feed(get(3));
  EXPECT_EQ(result.detail, "http2.protocol_error");
  EXPECT_EQ(server.streams.size(), 2u);
}

TEST(Malformed, ResponseOfAnUpstream) {
  ClientSide client;
  FakeHandler& stream = client.request(get_request());
  FeedResult result =
      client.codec.feed(settings() + headers(1, {{":status", "200"}, {"Bad", "1"}}));
  EXPECT_EQ(result.kind, FeedResult::Kind::close);
  EXPECT_FALSE(client.codec.reusable());
  client.codec.on_connection_lost(ResetReason::connection_termination, "");
  EXPECT_EQ(stream.reason, ResetReason::protocol_error);
  EXPECT_EQ(stream.detail, "http2.invalid.header.field");
}

TEST(Limits, HeadWithTooManyOctets) {
  http::Http2Options options;
  options.limits.max_bytes = 1000;
  ServerSide server(options);
  FeedResult result = server.codec.feed(
      preface() + headers(1, with(get_request(), {{"x", std::string(1000, 'x')}})) + get(3));
  EXPECT_EQ(result.kind, FeedResult::Kind::ok);
  EXPECT_EQ(server.stream(0).resets, 1);
  EXPECT_EQ(server.stream(0).detail, "http2.too_many_headers");
  EXPECT_EQ(server.stream(0).reason, ResetReason::remote_reset);
  EXPECT_EQ(of_type(server.transport.out, kRstStream).at(0).code(), 2u);
  EXPECT_EQ(server.stats.header_overflow.value(), 1u);
  EXPECT_TRUE(server.stream(1).end_stream);
}

TEST(Limits, HeadWithTooManyFields) {
  Fields many = get_request();
  for (int i = 0; i < 97; ++i) many.emplace_back("x", "y");
  ServerSide server;
  server.codec.feed(preface() + headers(1, many));
  EXPECT_EQ(server.stream().detail, "http2.too_many_headers");
  many.pop_back();
  server.codec.feed(headers(3, many));
  EXPECT_EQ(server.stream(1).headers.size(), 100u);
}

TEST(Limits, CookieCrumbsCountAsOctets) {
  Fields many = get_request();
  for (int i = 0; i < 300; ++i) many.emplace_back("cookie", "k=v");
  ServerSide server;
  server.codec.feed(preface() + headers(1, many));
  EXPECT_EQ(server.stream().headers.size(), 5u);
  http::Http2Options options;
  options.limits.max_bytes = 2000;
  ServerSide strict(options);
  strict.codec.feed(preface() + headers(1, many));
  EXPECT_EQ(strict.stream().detail, "http2.too_many_headers");
}

TEST(Limits, UnderscoresPolicy) {
  Fields head = with(get_request(), {{"a_b", "1"}, {"c", "2"}});
  http::Http2Options options;
  ServerSide allow(options);
  allow.codec.feed(preface() + headers(1, head));
  EXPECT_EQ(allow.stream().get("a_b"), "1");

  options.limits.underscores = http::UnderscoresAction::drop_header;
  ServerSide drop(options);
  drop.codec.feed(preface() + headers(1, head));
  EXPECT_EQ(drop.stream().get("a_b"), "<none>");
  EXPECT_EQ(drop.stream().get("c"), "2");
  EXPECT_EQ(drop.stats.dropped_headers_with_underscores.value(), 1u);

  options.limits.underscores = http::UnderscoresAction::reject_request;
  ServerSide reject(options);
  reject.codec.feed(preface() + headers(1, head));
  EXPECT_EQ(reject.stream().resets, 1);
  EXPECT_EQ(reject.stream().detail, "http2.unexpected_underscore");
  EXPECT_EQ(reject.stats.requests_rejected_with_underscores_in_headers.value(), 1u);
}

TEST(Limits, WhiteSpaceAroundValuesIsTrimmed) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, with(get_request(), {{"x", " v\t "}})));
  EXPECT_EQ(server.stream().get("x"), "v");
}

}  // namespace
}  // namespace outrigger::http2::testing
