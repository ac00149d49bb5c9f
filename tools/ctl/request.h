// Request: one request with all that a decision may read of it: its head, the response's, what is
// known of its stream. Thread: main. Lifetime: one test or explanation.
#pragma once

#include <string_view>

#include "api/arena.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"
#include "proxy/route/header_mutation.h"
#include "tools/ctl/test_case.h"

namespace outrigger::ctl {

class Request final : public route::ValueSource {
 public:
  // A client on the same host: 127.0.0.1.
  explicit Request(const TestInput& input);
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Arena& arena() { return arena_; }
  http::HeaderMap& headers() { return headers_; }
  const http::HeaderMap& headers() const { return headers_; }
  http::HeaderMap& response() { return response_; }
  const http::HeaderMap& response() const { return response_; }
  StreamInfo& info() { return info_; }
  const StreamInfo& info() const { return info_; }
  uint64_t random() const { return random_; }

  // ValueSource
  std::string_view value(const config::SubstitutionFormat& format) override;
  std::string_view render(const config::LogFormat& format,
                          std::string_view local_reply_body) override;

 private:
  void add_headers(const TestInput& input);

  ChunkPool pool_;
  Arena arena_{pool_};
  http::HeaderMap headers_{arena_};
  http::HeaderMap response_{arena_};
  DownstreamConnectionInfo connection_;
  StreamInfo info_;
  uint64_t random_;
};

}  // namespace outrigger::ctl
