// GrpcHttp1BridgeFilter: lets an HTTP/1 client call gRPC: what gRPC says in trailers is said in the
// response's head, and, where that is asked for, protobuf bodies get their gRPC frame. A request of
// known length passes in pieces as it arrives; a response is kept until its trailers are here.
// Thread: the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_http1_bridge_filter
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/filter/http_filter.h"

namespace outrigger::filters::grpc_http1_bridge {

struct BridgeSettings {
  bool upgrade_protobuf = false;
  bool ignore_query_parameters = false;
};

class GrpcHttp1BridgeFilter final : public HttpFilter {
 public:
  explicit GrpcHttp1BridgeFilter(const BridgeSettings& settings) : settings_(settings) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;
  Verdict on_request_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_request_trailers(FilterContext& context, http::HeaderMap& trailers) override;
  Verdict on_response_headers(FilterContext& context, http::HeaderMap& headers,
                              bool end_stream) override;
  Verdict on_response_body(FilterContext& context, std::string_view body, bool end_stream) override;
  Verdict on_response_trailers(FilterContext& context, http::HeaderMap& trailers) override;

 private:
  enum class Framing : uint8_t {
    none,
    length_known,  // the frame's head goes before the first piece
    whole,         // the request is held until its length is known
    done
  };

  void upgrade(FilterContext& context, http::HeaderMap& headers, bool end_stream);
  void frame_whole(FilterContext& context, std::string_view last);
  void tell_status(http::HeaderMap& headers, const http::HeaderMap& trailers);

  const BridgeSettings& settings_;
  bool bridging_ = false;
  bool upgraded_ = false;
  Framing framing_ = Framing::none;
  uint64_t request_length_ = 0;
  unsigned head_left_ = 0;  // octets of the response's frame head that are still to be dropped
  uint64_t response_bytes_ = 0;
  std::string framed_;
};

class GrpcHttp1BridgeFactory final : public HttpFilterFactory {
 public:
  explicit GrpcHttp1BridgeFactory(const BridgeSettings& settings) : settings_(settings) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  BridgeSettings settings_;
};

}  // namespace outrigger::filters::grpc_http1_bridge
