#include "api/rbac.h"

#include <algorithm>

namespace outrigger::rbac {
namespace {

struct Evaluation {
  const Subject& subject;

  bool operator()(const Constant& rule) const { return rule.value; }
  bool operator()(const AllOf& rule) const {
    return std::all_of(rule.rules.begin(), rule.rules.end(),
                       [&](const Rule& each) { return each.matches(subject); });
  }
  bool operator()(const AnyOf& rule) const {
    return std::any_of(rule.rules.begin(), rule.rules.end(),
                       [&](const Rule& each) { return each.matches(subject); });
  }
  bool operator()(const Not& rule) const { return !rule.rule.front().matches(subject); }
  bool operator()(const InRange& rule) const { return rule.range.contains(address(rule.address)); }
  bool operator()(const DestinationPort& rule) const {
    const net::Address& local = subject.connection().local;
    return local.is_ip() && local.port() >= rule.first && local.port() <= rule.last;
  }
  bool operator()(const ServerName& rule) const {
    return rule.name.matches(subject.connection().requested_server_name);
  }
  bool operator()(const MetadataIs& rule) const {
    return rule.of_route ? subject.route_metadata_matches(rule.matcher)
                         : subject.metadata_matches(rule.matcher);
  }
  bool operator()(const FilterStateIs& rule) const {
    const std::string* value = subject.filter_state(rule.key);
    return value != nullptr && rule.value.matches(*value);
  }
  bool operator()(const FilterStateInRange& rule) const;
  bool operator()(const Authenticated& rule) const;
  bool operator()(const HeaderIs& rule) const { return subject.header_matches(rule.header); }
  bool operator()(const PathIs& rule) const {
    return !subject.path().empty() && rule.path.matches(subject.path());
  }

  const net::Address& address(AddressOf which) const {
    const DownstreamConnectionInfo& connection = subject.connection();
    switch (which) {
      case AddressOf::destination:
        return connection.local;
      case AddressOf::source:
        return connection.remote;
      case AddressOf::direct_remote:
        return connection.direct_remote;
      case AddressOf::remote:
        break;
    }
    return subject.remote();
  }
};

// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]:80"
std::optional<net::Address> address_in(std::string_view text) {
  if (auto address = net::Address::from_ip(text, 0)) return address;
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return net::Address::from_ip(host, 0);
}

bool Evaluation::operator()(const FilterStateInRange& rule) const {
  const std::string* value = subject.filter_state(rule.key);
  if (value == nullptr) return false;
  std::optional<net::Address> address = address_in(*value);
  return address && std::any_of(rule.ranges.begin(), rule.ranges.end(),
                                [&](const net::Cidr& range) { return range.contains(*address); });
}

bool Evaluation::operator()(const Authenticated& rule) const {
  const TlsConnection* tls = subject.connection().tls;
  if (tls == nullptr) return false;
  if (rule.any_name) return true;  // as Envoy: a certificate is the TLS context's business
  const CertificateInfo* peer = tls->peer();
  if (peer == nullptr) return rule.name.matches({});
  auto named = [&](const std::string& name) { return rule.name.matches(name); };
  return std::any_of(peer->uri_sans.begin(), peer->uri_sans.end(), named) ||
         std::any_of(peer->dns_sans.begin(), peer->dns_sans.end(), named) || named(peer->subject);
}

bool any_matches(const std::vector<Rule>& rules, const Subject& subject) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return rule.matches(subject); });
}

}  // namespace

bool Rule::matches(const Subject& subject) const {
  return std::visit(Evaluation{subject}, condition);
}

Decision Policies::judge(const Subject& subject) const {
  if (tree != nullptr) return tree->judge(subject);
  for (const Policy& policy : policies) {
    if (!any_matches(policy.permissions, subject) || !any_matches(policy.principals, subject))
      continue;
    return {action != Action::deny, &policy, action == Action::log};
  }
  return {action != Action::allow, nullptr, action == Action::log};
}

Decision PolicyTree::judge(const Subject& subject) const {
  uint32_t found = tree.find(subject.match_source());
  if (found == config::OnMatch::kNoAction) return {false, nullptr};
  const Outcome& outcome = outcomes[found];
  return {outcome.action != Action::deny, &outcome.policy, outcome.action == Action::log};
}

std::string denial_details(const Decision& decision) {
  std::string name = decision.policy == nullptr ? "none" : decision.policy->name;
  for (char& c : name) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) c = '_';
  }
  return "rbac_access_denied_matched_policy[" + name + "]";
}

}  // namespace outrigger::rbac
