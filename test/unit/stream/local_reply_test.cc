#include "proxy/stream/local_reply.h"

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"

namespace outrigger::stream::test {
namespace {

using Kind = config::AccessLogFilter::Kind;

class LocalReplyTest : public ::testing::Test, protected route::ValueSource {
 protected:
  struct Sent {
    Fields headers;
    std::string body;
  };

  Sent send(const LocalReply& reply, bool grpc = false, bool head = false) {
    LocalReplyRequest request{reply, &config_, info_, &*request_, *this, grpc, head};
    LocalResponse response = make_local_response(request, arena_);
    return {fields_of(*response.headers), std::string(response.body)};
  }
  static config::LocalReplyMapper mapper(uint64_t code) {
    config::LocalReplyMapper made;
    made.filter.kind = Kind::status_code;
    made.filter.value = code;
    return made;
  }
  static config::LogFormat format(config::SubstitutionFormat commands) {
    config::LogFormat made;
    made.format = std::move(commands);
    return made;
  }
  static config::LogCommand literal(std::string text) {
    return {config::LogField::literal, std::move(text), {}, {}};
  }

  config::LocalReplyConfig config_;
  StreamInfo info_;
  Head request_{{":method", "GET"}, {":path", "/x"}};

 private:
  std::string_view value(const config::SubstitutionFormat& format) override {
    return format.front().text;
  }
  ChunkPool pool_;
  Arena arena_{pool_};
};

TEST_F(LocalReplyTest, IsPlainText) {
  Sent sent = send({404, "not here", {}});
  EXPECT_EQ(sent.headers,
            (Fields{{":status", "404"}, {"content-length", "8"}, {"content-type", "text/plain"}}));
  EXPECT_EQ(sent.body, "not here");
}

TEST_F(LocalReplyTest, WithoutABodyHasNoTypeEither) {
  EXPECT_EQ(send({404, "", {}}).headers, (Fields{{":status", "404"}}));
}

TEST_F(LocalReplyTest, ToHeadHasTheLengthOfWhatItLeavesOut) {
  Sent sent = send({404, "not here", {}}, false, true);
  EXPECT_EQ(sent.headers[1], (std::pair<std::string, std::string>("content-length", "8")));
  EXPECT_EQ(sent.body, "");
}

TEST_F(LocalReplyTest, ToGrpcIsAStatusInHeadersAlone) {
  Sent sent = send({503, "no healthy upstream", {}}, true);
  EXPECT_EQ(sent.headers, (Fields{{":status", "200"},
                                  {"content-type", "application/grpc"},
                                  {"grpc-status", "14"},
                                  {"grpc-message", "no healthy upstream"}}));
  EXPECT_EQ(sent.body, "");
}

TEST_F(LocalReplyTest, GrpcMessagesArePercentEncoded) {
  Sent sent = send({500, "50% \xc3\xa4\n", {}}, true);
  EXPECT_EQ(sent.headers.back().second, "50%25 %C3%A4%0A");
}

TEST_F(LocalReplyTest, AGrpcStatusOfItsOwnWins) {
  LocalReply reply{429, "", {}, 8};
  EXPECT_EQ(send(reply, true).headers[2].second, "8");
}

TEST(GrpcStatus, StandsForAnHttpStatus) {
  EXPECT_EQ(grpc_status_of(400), 13);
  EXPECT_EQ(grpc_status_of(401), 16);
  EXPECT_EQ(grpc_status_of(403), 7);
  EXPECT_EQ(grpc_status_of(404), 12);
  for (int code : {429, 502, 503, 504}) EXPECT_EQ(grpc_status_of(code), 14) << code;
  for (int code : {200, 413, 500, 505}) EXPECT_EQ(grpc_status_of(code), 2) << code;
}

TEST_F(LocalReplyTest, SaysThatACircuitBreakerShedIt) {
  LocalReply reply{503, "", {}};
  reply.overloaded = true;
  EXPECT_EQ(send(reply).headers.back(),
            (std::pair<std::string, std::string>("x-envoy-overloaded", "true")));
}

TEST_F(LocalReplyTest, TheFirstMapperThatMatchesChangesIt) {
  config_.mappers = {mapper(404), mapper(503), mapper(503)};
  config_.mappers[0].body = "wrong";
  config_.mappers[1].status_code = 429;
  config_.mappers[1].body = "come back later";
  config_.mappers[1].headers.add.push_back({"x-mapped", {literal("yes")}});
  config_.mappers[2].body = "too late";
  Sent sent = send({503, "busy", {}});
  EXPECT_EQ(sent.headers, (Fields{{":status", "429"},
                                  {"content-length", "15"},
                                  {"content-type", "text/plain"},
                                  {"x-mapped", "yes"}}));
  EXPECT_EQ(sent.body, "come back later");
  EXPECT_EQ(info_.response_code, 429);
}

TEST_F(LocalReplyTest, AFormatSeesTheMappedCodeAndBody) {
  config_.mappers = {mapper(503)};
  config_.mappers[0].status_code = 500;
  config_.mappers[0].body = "mapped";
  config_.body_format = format({literal("<"),
                                {config::LogField::local_reply_body, "", "", {}},
                                literal("> "),
                                {config::LogField::response_code, "", "", {}}});
  Sent sent = send({503, "busy", {}});
  EXPECT_EQ(sent.body, "<mapped> 500");
}

TEST_F(LocalReplyTest, TheMappersFormatGoesBeforeTheCommonOne) {
  config_.body_format = format({literal("common")});
  config_.mappers = {mapper(503)};
  config_.mappers[0].body_format = format({literal("<p>own</p>")});
  config_.mappers[0].body_format->content_type = "text/html";
  Sent own = send({503, "busy", {}});
  EXPECT_EQ(own.body, "<p>own</p>");
  EXPECT_EQ(own.headers[2].second, "text/html");
  EXPECT_EQ(send({404, "", {}}).body, "common");
}

TEST_F(LocalReplyTest, AJsonFormatIsJson) {
  config::JsonFormat body;
  config::JsonFormat member;
  member.value = config::SubstitutionFormat{literal("fixed")};
  body.value = config::JsonFormat::Object{{"message", member}};
  config::LogFormat json;
  json.format = body;
  config_.body_format = json;
  Sent sent = send({500, "", {}});
  EXPECT_EQ(sent.headers[2].second, "application/json");
  EXPECT_NE(sent.body.find(R"("message":"fixed")"), std::string::npos) << sent.body;
}

TEST_F(LocalReplyTest, AsItIsNothingChangesIt) {
  config_.mappers = {mapper(503)};
  config_.mappers[0].status_code = 200;
  config_.body_format = format({literal("changed")});
  LocalReply reply{503, "health", {}};
  reply.as_is = true;
  Sent sent = send(reply, true);
  EXPECT_EQ(sent.headers[0].second, "503");
  EXPECT_EQ(sent.body, "health");
}

}  // namespace
}  // namespace outrigger::stream::test
