#include "xds/compile_match_input.h"

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "envoy/extensions/matching/common_inputs/network/v3/network_inputs.pb.h"
#include "envoy/extensions/matching/input_matchers/ip/v3/ip.pb.h"
#include "envoy/extensions/matching/input_matchers/runtime_fraction/v3/runtime_fraction.pb.h"
#include "envoy/type/matcher/v3/http_inputs.pb.h"

#include "xds/compile_matcher.h"
#include "xds/field_errors.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using InputKind = config::MatchInput::Kind;
using envoy::extensions::matching::common_inputs::network::v3::FilterStateInput;
using envoy::type::matcher::v3::HttpRequestHeaderMatchInput;
using envoy::type::matcher::v3::HttpRequestQueryParamMatchInput;
using envoy::type::matcher::v3::HttpResponseHeaderMatchInput;
using IpMatcher = envoy::extensions::matching::input_matchers::ip::v3::Ip;
using FractionMatcher =
    envoy::extensions::matching::input_matchers::runtime_fraction::v3::RuntimeFraction;

enum Subjects : unsigned {
  of_route = 1u << static_cast<unsigned>(MatchSubject::route),
  of_request = 1u << static_cast<unsigned>(MatchSubject::request),
  of_response = 1u << static_cast<unsigned>(MatchSubject::response),
  of_connection = 1u << static_cast<unsigned>(MatchSubject::connection),
  of_any_message = of_request | of_response,
  of_stream = of_any_message | of_connection
};

struct InputType {
  std::string_view message;
  InputKind kind;
  unsigned subjects;
};

#define NETWORK_INPUT "envoy.extensions.matching.common_inputs.network.v3."
#define SSL_INPUT "envoy.extensions.matching.common_inputs.ssl.v3."
constexpr InputType kInputTypes[] = {
    {"envoy.type.matcher.v3.HttpRequestHeaderMatchInput", InputKind::request_header,
     of_route | of_any_message},
    {"envoy.type.matcher.v3.HttpRequestQueryParamMatchInput", InputKind::query_parameter,
     of_any_message},
    {"envoy.type.matcher.v3.HttpResponseHeaderMatchInput", InputKind::response_header, of_response},
    {"envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput", InputKind::response_status,
     of_response},
    {"envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput",
     InputKind::response_status_class, of_response},
    {NETWORK_INPUT "DestinationIPInput", InputKind::destination_ip, of_stream},
    {NETWORK_INPUT "DestinationPortInput", InputKind::destination_port, of_stream},
    {NETWORK_INPUT "SourceIPInput", InputKind::source_ip, of_stream},
    {NETWORK_INPUT "SourcePortInput", InputKind::source_port, of_stream},
    {NETWORK_INPUT "DirectSourceIPInput", InputKind::direct_source_ip, of_stream},
    {NETWORK_INPUT "SourceTypeInput", InputKind::source_type, of_stream},
    {NETWORK_INPUT "ServerNameInput", InputKind::server_name, of_stream},
    {NETWORK_INPUT "TransportProtocolInput", InputKind::transport_protocol, of_connection},
    {NETWORK_INPUT "ApplicationProtocolInput", InputKind::application_protocol, of_connection},
    {NETWORK_INPUT "FilterStateInput", InputKind::filter_state, of_route | of_stream},
    {SSL_INPUT "UriSanInput", InputKind::uri_san, of_stream},
    {SSL_INPUT "DnsSanInput", InputKind::dns_san, of_stream},
    {SSL_INPUT "SubjectInput", InputKind::subject, of_stream},
};
#undef NETWORK_INPUT
#undef SSL_INPUT

std::string name_of(InputKind kind, const google::protobuf::Message& message) {
  switch (kind) {
    case InputKind::request_header:
      return absl::AsciiStrToLower(
          static_cast<const HttpRequestHeaderMatchInput&>(message).header_name());
    case InputKind::response_header:
      return absl::AsciiStrToLower(
          static_cast<const HttpResponseHeaderMatchInput&>(message).header_name());
    case InputKind::query_parameter:
      return static_cast<const HttpRequestQueryParamMatchInput&>(message).query_param();
    case InputKind::filter_state:
      return static_cast<const FilterStateInput&>(message).key();
    default:
      return {};
  }
}

absl::Status no_such_type(const google::protobuf::Any& any) {
  FieldErrors errors;
  errors.add("typed_config",
             fmt::format("the type '{}' is not supported by Outrigger", any.type_url()));
  return errors.status();
}

absl::StatusOr<config::MatchPredicate> compile_ip(const IpMatcher& message) {
  FieldErrors errors;
  config::MatchPredicate out;
  out.kind = config::MatchPredicate::Kind::ranges;
  for (int i = 0; i < message.cidr_ranges_size(); ++i) {
    const auto& range = message.cidr_ranges(i);
    auto compiled = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value());
    if (compiled) {
      out.ranges.push_back(*compiled);
    } else {
      errors.add(indexed("typed_config.cidr_ranges", i) + ".address_prefix",
                 fmt::format("'{}' is not an IP address", range.address_prefix()));
    }
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<config::MatchInput> compile_match_input(
    const ::xds::core::v3::TypedExtensionConfig& input, MatchSubject subject) {
  std::string type = packed_type(input.typed_config());
  const InputType* found = nullptr;
  for (const InputType& each : kInputTypes) {
    if (each.message == type) found = &each;
  }
  auto message = unpack_any(input.typed_config());
  if (found == nullptr || !message.ok()) return no_such_type(input.typed_config());
  if ((found->subjects & (1u << static_cast<unsigned>(subject))) == 0) {
    FieldErrors errors;
    errors.add("typed_config",
               subject == MatchSubject::route
                   ? fmt::format("a route's matcher reads headers and filter state, not '{}'", type)
                   : fmt::format("'{}' cannot be read here", type));
    return errors.status();
  }
  return config::MatchInput{found->kind, name_of(found->kind, **message)};
}

absl::StatusOr<config::MatchPredicate> compile_input_matcher(
    const ::xds::core::v3::TypedExtensionConfig& matcher, MatchSubject subject) {
  auto message = unpack_any(matcher.typed_config());
  if (!message.ok()) return no_such_type(matcher.typed_config());
  if ((*message)->GetDescriptor() == IpMatcher::descriptor())
    return compile_ip(static_cast<const IpMatcher&>(**message));
  if ((*message)->GetDescriptor() != FractionMatcher::descriptor())
    return no_such_type(matcher.typed_config());
  if (subject == MatchSubject::connection) {
    FieldErrors errors;
    errors.add("typed_config", "fractions of connections are not supported by Outrigger");
    return errors.status();
  }
  const auto& fraction = static_cast<const FractionMatcher&>(**message);
  config::MatchPredicate out;
  out.kind = config::MatchPredicate::Kind::fraction;
  out.fraction = compile_runtime_fraction(fraction.runtime_fraction());
  out.seed = fraction.seed();
  return out;
}

}  // namespace outrigger::xds
