// RequestSource: a request, its connection and perhaps its response as generic matchers read them.
// Thread: the stream's worker. Lifetime: the evaluation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/config/match_source.h"
#include "api/http/header_map.h"
#include "proxy/route/input.h"

namespace outrigger::route {

class RequestSource final : public config::MatchSource {
 public:
  // `info` nullptr: nothing is known of the connection. `response` nullptr: there is none to judge.
  RequestSource(const http::HeaderMap& headers, const StreamInfo* info,
                const FractionSource* fractions, const http::HeaderMap* response = nullptr)
      : headers_(headers), info_(info), fractions_(fractions), response_(response) {}
  explicit RequestSource(const RouteInput& input)
      : RequestSource(input.headers, input.info, input.fractions) {}

  std::optional<std::string_view> value(const config::MatchInput& input,
                                        std::string& scratch) const override;
  const net::Address* address(const config::MatchInput& input) const override;
  bool chosen(const config::RuntimeFraction& fraction, std::string_view value,
              uint64_t seed) const override;

 private:
  const http::HeaderMap& headers_;
  const StreamInfo* info_;
  const FractionSource* fractions_;
  const http::HeaderMap* response_;
};

}  // namespace outrigger::route
