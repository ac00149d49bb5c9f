#include "tools/ctl/explain_host.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

#include "proxy/route/match.h"

namespace outrigger::ctl {
namespace {

// More than a person reads; the rest is counted.
constexpr size_t kMaxHosts = 20;
constexpr size_t kMaxDomains = 4;

// Whether a domain takes a host, whatever other domains there are; both in lower case. A wildcard
// stands for at least one octet.
bool takes(std::string_view domain, std::string_view host) {
  if (domain == "*") return true;
  if (domain.starts_with('*'))
    return host.size() >= domain.size() && host.ends_with(domain.substr(1));
  if (domain.ends_with('*')) {
    return host.size() >= domain.size() && host.starts_with(domain.substr(0, domain.size() - 1));
  }
  return domain == host;
}

// The order in which domains are looked for: exact, suffixes, prefixes, all; the longer first.
std::pair<int, size_t> rank(std::string_view domain) {
  int kind = domain == "*" ? 3 : domain.starts_with('*') ? 1 : domain.ends_with('*') ? 2 : 0;
  return {kind, std::string_view::npos - domain.size()};
}

using HostMessage = envoy::config::route::v3::VirtualHost;

// The most specific domain of the virtual host that takes the request's host; empty: none does.
std::string best_domain(const HostMessage& message, std::string_view host) {
  std::string best;
  for (const std::string& each : message.domains()) {
    std::string domain = absl::AsciiStrToLower(each);
    if (takes(domain, host) && (best.empty() || rank(domain) < rank(best))) best = domain;
  }
  return best;
}

std::string domains_of(const HostMessage& message) {
  std::vector<std::string> shown;
  for (const std::string& domain : message.domains()) {
    if (shown.size() < kMaxDomains) shown.push_back(fmt::format("\"{}\"", domain));
  }
  auto all = static_cast<size_t>(message.domains_size());
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     all > shown.size() ? fmt::format(" and {} more", all - shown.size()) : "");
}

}  // namespace

std::vector<std::string> explain_host(const LoadedRoutes& routes, std::string_view authority,
                                      const config::VirtualHost* matched) {
  if (routes.table().ignore_port_in_host_matching) authority = route::without_port(authority);
  std::string host = absl::AsciiStrToLower({authority.data(), authority.size()});
  std::string best = matched == nullptr ? "" : best_domain(routes.message_of(*matched), host);
  std::vector<std::string> out{"virtual hosts:"};
  size_t silent = 0;
  for (const config::VirtualHost& each : routes.table().hosts) {
    if (&each == matched) {
      out.push_back(fmt::format("  \"{}\": yes, by its domain \"{}\"", each.name, best));
      continue;
    }
    std::string domain = best_domain(routes.message_of(each), host);
    if (out.size() > kMaxHosts && domain.empty()) {
      ++silent;
    } else if (domain.empty()) {
      out.push_back(fmt::format("  \"{}\": no, \"{}\" is not in {}", each.name, host,
                                domains_of(routes.message_of(each))));
    } else {
      out.push_back(
          fmt::format("  \"{}\": no, \"{}\" comes before its \"{}\"", each.name, best, domain));
    }
  }
  if (silent > 0) out.push_back(fmt::format("  no domain of {} others takes \"{}\"", silent, host));
  if (matched == nullptr) out.push_back(fmt::format("  none of them has the domain \"{}\"", host));
  return out;
}

}  // namespace outrigger::ctl
