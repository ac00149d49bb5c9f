#include "tools/ctl/request.h"

#include <chrono>

#include "proxy/observe/substitution.h"

namespace outrigger::ctl {

using http::HeaderId;

Request::Request(const TestInput& input) : random_(input.random) {
  connection_.remote = connection_.direct_remote = *net::Address::from_ip("127.0.0.1", 0);
  info_.connection = &connection_;
  info_.downstream_remote = connection_.remote;
  info_.protocol = http::Protocol::http11;
  info_.start_time = std::chrono::system_clock::now();
  info_.start = std::chrono::steady_clock::now();
  if (!input.metadata.empty()) info_.make_extras(arena_).metadata = input.metadata;
  add_headers(input);
}

void Request::add_headers(const TestInput& input) {
  std::string_view scheme = input.ssl ? "https" : "http";
  headers_.add(HeaderId::authority, arena_.copy(input.authority));
  headers_.add(HeaderId::path, arena_.copy(input.path));
  headers_.add(HeaderId::method, arena_.copy(input.method));
  headers_.add(HeaderId::scheme, scheme);
  headers_.add(HeaderId::x_forwarded_proto, scheme);
  if (input.internal) headers_.add(HeaderId::x_envoy_internal, "true");
  for (const HeaderText& header : input.request_headers)
    headers_.add_copy(header.name, header.value);
  for (const HeaderText& header : input.response_headers)
    response_.add_copy(header.name, header.value);
}

std::string_view Request::value(const config::SubstitutionFormat& format) {
  observe::LogContext context{info_, &headers_, &response_};
  return observe::evaluate_to_arena(format, context, arena_);
}

std::string_view Request::render(const config::LogFormat& format,
                                 std::string_view local_reply_body) {
  observe::LogContext context{info_, &headers_, &response_};
  context.local_reply_body = local_reply_body;
  return observe::evaluate_to_arena(format, context, arena_);
}

}  // namespace outrigger::ctl
