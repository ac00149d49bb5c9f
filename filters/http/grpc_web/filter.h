// GrpcWebFilter: makes gRPC of a browser's gRPC-Web call and the other way round: base64 where it
// is asked for, trailers as the body's last frame, an answer that is no gRPC as a gRPC status.
// Bodies pass in pieces as they arrive. Thread: the stream's worker. Lifetime: the stream's.
// Semantics: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md,
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_web_filter
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/filter/http_filter.h"
#include "api/grpc/method_stats.h"
#include "filters/http/grpc_web/base64_stream.h"

namespace outrigger::filters::grpc_web {

class GrpcWebFilter final : public HttpFilter {
 public:
  explicit GrpcWebFilter(grpc::MethodScopes& scopes) : scopes_(scopes) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  void find_stats(FilterContext& context, const http::HeaderMap& headers);
  void count_status(const http::HeaderMap& fields);
  // gRPC frames, each of them encoded for itself.
  void encode_frames(std::string_view octets);
  void keep_message(std::string_view body);
  void answer_as_grpc(FilterContext& context);

  grpc::MethodScopes& scopes_;
  grpc::MethodStats* stats_ = nullptr;
  bool active_ = false;
  bool text_request_ = false;
  bool text_response_ = false;
  bool no_grpc_ = false;  // the answer is something else: its body becomes grpc-message
  std::string request_;   // what the piece that was shown last became
  std::string response_;
  std::string message_;
  Base64Decoder decoder_;
  Base64Encoder encoder_;
  // Of the frame that the response is in: octets of its head so far, and what is left of it.
  unsigned head_octets_ = 0;
  uint32_t frame_left_ = 0;
};

class GrpcWebFactory final : public HttpFilterFactory {
 public:
  explicit GrpcWebFactory(StatsRegistry& registry)
      : scopes_(std::make_unique<grpc::MethodScopes>(registry, "grpc-web")) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  std::unique_ptr<grpc::MethodScopes> scopes_;
};

}  // namespace outrigger::filters::grpc_web
