#include "xds/compile_filter_chain_match.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Message = envoy::config::listener::v3::FilterChainMatch;
using Ranges = google::protobuf::RepeatedPtrField<envoy::config::core::v3::CidrRange>;
using Values = std::vector<std::string>;

// More would mean criteria multiplied with each other beyond any use, and a listener that takes
// gigabytes.
constexpr size_t kMaxCombinations = 1'000'000;

std::vector<net::Cidr> compile_ranges(const char* field, const Ranges& ranges,
                                      FieldErrors& errors) {
  std::vector<net::Cidr> out;
  for (int i = 0; i < ranges.size(); ++i) {
    const auto& range = ranges.Get(i);
    auto cidr = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value());
    if (!cidr) {
      errors.add(indexed(field, i) + ".address_prefix",
                 fmt::format("'{}' is not an IP address", range.address_prefix()));
      continue;
    }
    out.push_back(*cidr);
  }
  return out;
}

std::vector<std::string> compile_names(const Message& match, FieldErrors& errors) {
  std::vector<std::string> out;
  for (int i = 0; i < match.server_names_size(); ++i) {
    std::string name = absl::AsciiStrToLower(match.server_names(i));
    if (name.find('*') != std::string::npos && !name.starts_with("*."))
      errors.add(indexed("server_names", i), "partial wildcards are not supported");
    out.push_back(std::move(name));
  }
  return out;
}

config::FilterChainMatch::SourceType compile_source_type(const Message& match) {
  using Type = config::FilterChainMatch::SourceType;
  if (match.source_type() == Message::SAME_IP_OR_LOOPBACK) return Type::same_ip_or_loopback;
  return match.source_type() == Message::EXTERNAL ? Type::external : Type::any;
}

Values texts(const std::vector<net::Cidr>& ranges) {
  Values out;
  for (const net::Cidr& range : ranges) {
    out.push_back(fmt::format("{}:{}:", range.family(), range.prefix_length()) +
                  std::string(range.network().begin(), range.network().end()));
  }
  return out;
}

Values texts(const std::vector<uint16_t>& ports) {
  Values out;
  for (uint16_t port : ports) out.push_back(std::to_string(port));
  return out;
}

// The values of each criterion; one that is empty takes everything.
std::vector<Values> criteria(const config::FilterChainMatch& match) {
  std::vector<Values> all = {
      {std::to_string(match.destination_port.value_or(0))},
      texts(match.destination_ranges),
      match.server_names,
      {match.transport_protocol},
      match.application_protocols,
      texts(match.direct_source_ranges),
      {std::to_string(static_cast<int>(match.source_type))},
      texts(match.source_ranges),
      texts(match.source_ports),
  };
  for (Values& values : all) {
    if (values.empty()) values.emplace_back();
  }
  return all;
}

// Calls visit(combination) for each choice of one value per criterion; false ends it.
bool for_each_combination(const std::vector<Values>& all, size_t at, const std::string& so_far,
                          const std::function<bool(const std::string&)>& visit) {
  if (at == all.size()) return visit(so_far);
  for (const std::string& value : all[at]) {
    std::string next = so_far + std::to_string(value.size()) + ' ' + value;
    if (!for_each_combination(all, at + 1, next, visit)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<config::FilterChainMatch> compile_filter_chain_match(const Message& match) {
  FieldErrors errors;
  config::FilterChainMatch out;
  if (match.has_destination_port())
    out.destination_port = static_cast<uint16_t>(match.destination_port().value());
  out.destination_ranges = compile_ranges("prefix_ranges", match.prefix_ranges(), errors);
  out.server_names = compile_names(match, errors);
  out.transport_protocol = match.transport_protocol();
  out.application_protocols.assign(match.application_protocols().begin(),
                                   match.application_protocols().end());
  out.direct_source_ranges =
      compile_ranges("direct_source_prefix_ranges", match.direct_source_prefix_ranges(), errors);
  out.source_type = compile_source_type(match);
  out.source_ranges = compile_ranges("source_prefix_ranges", match.source_prefix_ranges(), errors);
  for (uint32_t port : match.source_ports())
    out.source_ports.push_back(static_cast<uint16_t>(port));
  if (!errors.empty()) return errors.status();
  return out;
}

absl::Status TakenMatches::add(const std::string& chain, const Message& message,
                               const config::FilterChainMatch& match) {
  auto [same, fresh] = chains_.try_emplace(message.SerializeAsString(), chain);
  if (!fresh) {
    return absl::InvalidArgumentError(fmt::format(
        "filter chain '{}' has the same matching rules defined as '{}'", chain, same->second));
  }
  std::string problem;
  for_each_combination(criteria(match), 0, {}, [&](const std::string& combination) {
    if (combinations_.size() >= kMaxCombinations) {
      problem = "the criteria of the filter chains have more than 1000000 combinations";
    } else if (!combinations_.insert(combination).second) {
      problem = "multiple filter chains with overlapping matching rules are defined";
    }
    return problem.empty();
  });
  if (problem.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(problem);
}

}  // namespace outrigger::xds
