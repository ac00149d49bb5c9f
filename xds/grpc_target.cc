// The target names of gRPC: https://github.com/grpc/grpc/blob/master/doc/naming.md
#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "api/http/header_map.h"
#include "api/net/address.h"
#include "xds/google_grpc_cluster.h"

namespace outrigger::xds {
namespace {

constexpr uint16_t kDefaultPort = 443;  // gRPC's

absl::Status refuse(std::string_view uri, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("'{}' {}", uri, why));
}

// "host", "host:80", "1.2.3.4:80", "[::1]:80"
absl::Status add_host(std::string_view text, GrpcTarget& out) {
  std::string_view host = text;
  uint64_t port = kDefaultPort;
  size_t colon = text.rfind(':');
  bool brackets = text.starts_with('[');
  bool has_port = colon != std::string_view::npos &&
                  (brackets ? text[colon - 1] == ']' : text.find(':') == colon);
  if (has_port) {
    host = text.substr(0, colon);
    if (!http::parse_decimal(text.substr(colon + 1), port) || port == 0 || port > 65535)
      return refuse(text, "has no port between 1 and 65535");
  }
  if (brackets) {
    if (!host.ends_with(']')) return refuse(text, "is not an address in brackets");
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) return refuse(text, "names no host");
  bool literal = net::Address::from_ip(host, 0).has_value();
  if (!literal && (brackets || host.find(':') != std::string_view::npos))
    return refuse(text, "is not an address");
  out.literal = literal;
  out.hosts.emplace_back(host, static_cast<uint16_t>(port));
  return absl::OkStatus();
}

absl::StatusOr<GrpcTarget> unix_target(std::string_view uri, std::string path) {
  if (path.empty()) return refuse(uri, "names no socket");
  GrpcTarget out;
  out.unix_socket = true;
  out.hosts.emplace_back(std::move(path), 0);
  out.authority = "localhost";
  return out;
}

absl::StatusOr<GrpcTarget> address_list(std::string_view uri, std::string_view list, int family) {
  GrpcTarget out;
  out.authority = std::string(list);
  for (absl::string_view one : absl::StrSplit(absl::string_view(list.data(), list.size()), ',')) {
    if (absl::Status status = add_host({one.data(), one.size()}, out); !status.ok()) return status;
    auto address = net::Address::from_ip(out.hosts.back().first, 0);
    if (!address || address->family() != family)
      return refuse(uri, "has an address of another family");
  }
  return out;
}

}  // namespace

absl::StatusOr<GrpcTarget> parse_grpc_target(std::string_view uri) {
  std::string_view rest = uri;
  auto scheme = [&rest](std::string_view name) {
    if (!rest.starts_with(name)) return false;
    rest.remove_prefix(name.size());
    return true;
  };
  if (scheme("unix-abstract:"))
    return unix_target(uri, rest.empty() ? "" : fmt::format("@{}", rest));
  if (scheme("unix://")) {
    if (!rest.starts_with('/')) return refuse(uri, "has no absolute path behind 'unix://'");
    return unix_target(uri, std::string(rest));
  }
  if (scheme("unix:")) return unix_target(uri, std::string(rest));
  if (scheme("ipv4:")) return address_list(uri, rest, AF_INET);
  if (scheme("ipv6:")) return address_list(uri, rest, AF_INET6);
  if (scheme("dns://")) {
    if (!rest.starts_with('/'))
      return refuse(uri, "asks a DNS server of its own, which is not supported by Outrigger");
    rest.remove_prefix(1);
  } else if (!scheme("dns:") && rest.find("//") != std::string_view::npos) {
    return refuse(uri, "has a scheme that is not supported by Outrigger");
  }
  GrpcTarget out;
  if (absl::Status status = add_host(rest, out); !status.ok()) return status;
  out.authority = std::string(rest);
  return out;
}

}  // namespace outrigger::xds
