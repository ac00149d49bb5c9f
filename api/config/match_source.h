// MatchSource: what a match tree reads of the request or connection that it judges. Thread: its
// worker. Lifetime: the evaluation. Inputs: envoy.type.matcher.v3.HttpRequestHeaderMatchInput and
// HttpRequestQueryParamMatchInput, envoy.extensions.matching.common_inputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/config/route_match.h"
#include "api/net/address.h"
#include "api/stream_info.h"

namespace outrigger::config {

struct MatchInput {
  enum class Kind : uint8_t {
    request_header,   // `name` in lower case; several fields are joined by ","
    query_parameter,  // `name`
    destination_ip,
    destination_port,
    source_ip,
    source_port,
    direct_source_ip,
    source_type,  // "local": from the same host; others have none
    server_name,
    transport_protocol,
    application_protocol,  // "'h2','http/1.1'"
    filter_state,          // `name`
    uri_san,               // of the client's certificate, joined by ","
    dns_san,
    subject,
    // Of the response, where there is one to judge.
    response_header,       // `name`
    response_status,       // "404"
    response_status_class  // "4xx"
  };
  Kind kind = Kind::request_header;
  std::string name = {};

  bool of_request() const { return kind == Kind::request_header || kind == Kind::query_parameter; }
  bool of_response() const { return kind >= Kind::response_header; }
};

class MatchSource {
 public:
  // Absent: there is none. The text may be in `scratch`.
  virtual std::optional<std::string_view> value(const MatchInput& input,
                                                std::string& scratch) const = 0;
  // An input that is an address, as one; nullptr: ask for its text.
  virtual const net::Address* address(const MatchInput&) const { return nullptr; }
  // Whether equal values are always chosen or never is for the hash of `value` to say.
  virtual bool chosen(const RuntimeFraction& fraction, std::string_view value,
                      uint64_t seed) const = 0;

 protected:
  ~MatchSource() = default;
};

// The inputs that a connection has. `remote`: the client, of a request the one that
// x-forwarded-for names.
std::optional<std::string_view> connection_value(const MatchInput& input,
                                                 const DownstreamConnectionInfo& connection,
                                                 const net::Address& remote, std::string& scratch);
const net::Address* connection_address(const MatchInput& input,
                                       const DownstreamConnectionInfo& connection,
                                       const net::Address& remote);

// A connection as a source. Fractions are refused where only connections are judged.
class ConnectionSource final : public MatchSource {
 public:
  explicit ConnectionSource(const DownstreamConnectionInfo& connection) : connection_(connection) {}

  std::optional<std::string_view> value(const MatchInput& input,
                                        std::string& scratch) const override {
    return connection_value(input, connection_, connection_.remote, scratch);
  }
  const net::Address* address(const MatchInput& input) const override {
    return connection_address(input, connection_, connection_.remote);
  }
  bool chosen(const RuntimeFraction&, std::string_view, uint64_t) const override { return false; }

 private:
  const DownstreamConnectionInfo& connection_;
};

}  // namespace outrigger::config
