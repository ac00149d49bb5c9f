#include "envoy/extensions/filters/http/buffer/v3/buffer.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::buffer::v3::Buffer;
using envoy::extensions::filters::http::buffer::v3::BufferPerRoute;

class BufferTest : public FilterTest {
 protected:
  BufferTest() : headers(context.make_request({{":method", "POST"}, {":path", "/"}})) {}

  http::HeaderMap& headers;
};

TEST_F(BufferTest, LetsARequestWithoutBodyPass) {
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  EXPECT_EQ(filter.on_request_headers(context, headers, true).kind(), Kind::next);
  EXPECT_FALSE(context.buffer_limit.has_value());
}

TEST_F(BufferTest, HoldsUntilTheLastPieceAndSaysTheLength) {
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  EXPECT_EQ(filter.on_request_headers(context, headers, false).kind(), Kind::hold);
  EXPECT_EQ(context.buffer_limit, 10u);
  EXPECT_EQ(filter.on_request_body(context, "abc", false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_request_body(context, "de", true).kind(), Kind::next);
  EXPECT_EQ(headers.get("content-length"), "5");
}

TEST_F(BufferTest, ReplacesChunkedFramingByTheLength) {
  headers.add("transfer-encoding", "chunked");
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  filter.on_request_headers(context, headers, false);
  filter.on_request_body(context, "abc", true);
  EXPECT_EQ(headers.get("content-length"), "3");
  EXPECT_FALSE(headers.has(http::HeaderId::transfer_encoding));
}

TEST_F(BufferTest, KeepsTheLengthThatTheClientSaid) {
  headers.add("content-length", "3");
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  filter.on_request_headers(context, headers, false);
  filter.on_request_body(context, "abc", true);
  EXPECT_EQ(headers.count("content-length"), 1u);
}

TEST_F(BufferTest, TrailersEndTheBody) {
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  filter.on_request_headers(context, headers, false);
  EXPECT_EQ(filter.on_request_body(context, "abcd", false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_request_trailers(context, context.make_trailers({})).kind(), Kind::next);
  EXPECT_EQ(headers.get("content-length"), "4");
}

TEST_F(BufferTest, ARouteMayDisableIt) {
  context.levels = {route_config<BufferPerRoute>("disabled: true")};
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  EXPECT_EQ(filter.on_request_headers(context, headers, false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "abc", true).kind(), Kind::next);
  EXPECT_FALSE(headers.has(http::HeaderId::content_length));
}

TEST_F(BufferTest, TheMostSpecificLevelSaysTheLimit) {
  context.levels = {route_config<BufferPerRoute>("disabled: true"),
                    route_config<BufferPerRoute>("buffer { max_request_bytes { value: 99 } }")};
  HttpFilter& filter = make<Buffer>("max_request_bytes { value: 10 }");
  EXPECT_EQ(filter.on_request_headers(context, headers, false).kind(), Kind::hold);
  EXPECT_EQ(context.buffer_limit, 99u);
}

}  // namespace
}  // namespace outrigger::filters::test
