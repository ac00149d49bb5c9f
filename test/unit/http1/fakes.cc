#include "test/unit/http1/fakes.h"

#include <gtest/gtest.h>

namespace outrigger::http1::test {

std::string describe(const http::HeaderMap& headers) {
  std::string text;
  for (const http::HeaderField& field : headers.fields()) {
    std::string_view name = field.original_name.empty() ? field.name : field.original_name;
    text += text.empty() ? "" : " ";
    text += std::string(name) + "=" + std::string(field.value);
    EXPECT_EQ(field.id, http::header_id(field.name)) << field.name;
  }
  return text;
}

http::HeaderMap& make_headers(
    Arena& arena, std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  auto* map = arena.make<http::HeaderMap>(arena);
  for (const auto& [name, value] : fields) map->add_copy(name, value);
  return *map;
}

void FakeStream::tell(const std::string& line) {
  EXPECT_FALSE(dead) << "told after its end: " << line;
  if (!body_.empty()) story_ += body_line(false);
  body_.clear();
  story_ += line + "\n";
}

std::string FakeStream::body_line(bool end) const {
  std::string text = body_.size() > 200 ? "..." : body_;
  return "body " + std::to_string(body_.size()) + ":" + text + (end ? " end\n" : "\n");
}

void FakeStream::on_informational(http::HeaderMap& headers) {
  tell("informational " + describe(headers));
}

void FakeStream::on_headers(http::HeaderMap& headers, bool end_stream) {
  received = &headers;
  tell("headers " + describe(headers) + (end_stream ? " end" : ""));
  if (when_headers) when_headers(*this);
  if (end_stream && !dead) {
    ended = true;
    if (when_end) when_end(*this);
  }
}

void FakeStream::on_body(Bytes bytes, bool end_stream) {
  EXPECT_FALSE(dead);
  EXPECT_FALSE(ended) << "body after the end";
  body += bytes;
  body_ += bytes;
  if (end_stream) {
    story_ += body_line(true);
    body_.clear();
    ended = true;
  }
  if (when_body) when_body(*this);
  if (end_stream && !dead && when_end) when_end(*this);
}

void FakeStream::on_trailers(http::HeaderMap& trailers) {
  EXPECT_FALSE(ended);
  received_trailers = &trailers;
  tell("trailers " + describe(trailers));
  ended = true;
  if (when_end) when_end(*this);
}

void FakeStream::on_reset(http::ResetReason reason, std::string_view detail) {
  tell("reset " + std::to_string(static_cast<int>(reason)) + " " + std::string(detail));
  dead = true;
}

void FakeStream::on_protocol_error(int status, std::string_view detail) {
  tell("error " + std::to_string(status) + " " + std::string(detail));
  if (when_error) when_error(*this, status, detail);
}

void FakeStream::on_stream_closed() {
  tell("closed");
  dead = true;
  if (when_closed) when_closed(*this);
}

void FakeConnection::feed(std::string_view bytes) {
  kept += bytes;
  while (!kept.empty() && !closing && !transport_.paused) {
    http::FeedResult result = codec_.feed(kept);
    ASSERT_LE(result.consumed, kept.size());
    ASSERT_TRUE(result.consumed > 0 || transport_.paused) << "stuck before: " << kept;
    kept.erase(0, result.consumed);
    take(result);
  }
  closing = closing || codec_.finished();
  EXPECT_FALSE(transport_.overrun);
}

void FakeConnection::eof() {
  take(codec_.feed_eof());
}

void FakeConnection::take(const http::FeedResult& result) {
  if (result.kind != http::FeedResult::Kind::close) return;
  closing = true;
  close_detail = result.detail;
}

http::StreamHandler& FakeServer::on_new_stream(http::StreamEncoder& encoder) {
  streams.push_back(std::make_unique<FakeStream>(pool));
  last().encoder = &encoder;
  if (when_new) when_new(last());
  return last();
}

std::string FakeServer::story() const {
  std::string text;
  for (const auto& stream : streams) text += stream->story();
  return text;
}

void FakeServer::answer_all(std::string body) {
  when_new = [body](FakeStream& stream) {
    stream.when_end = [body](FakeStream& s) {
      auto& headers =
          s.headers({{":status", "200"}, {"content-length", std::to_string(body.size())}});
      s.encoder->send_headers(headers, body.empty());
      if (!body.empty()) s.encoder->send_body(body, true);
    };
    stream.when_error = [](FakeStream& s, int status, std::string_view) {
      s.encoder->send_headers(
          s.headers({{":status", std::to_string(status)}, {"content-length", "0"}}), true);
    };
  };
}

}  // namespace outrigger::http1::test
