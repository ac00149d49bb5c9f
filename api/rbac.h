// Role-based access control: policies, compiled, and their evaluation. The engine of both RBAC
// filters: each describes what it judges as a Subject. Semantics: envoy.config.rbac.v3.RBAC.
// Thread: any; immutable. Compiled by xds/compile_rbac.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/config/match_tree.h"
#include "api/config/metadata_matcher.h"
#include "api/config/regex.h"
#include "api/config/route_match.h"
#include "api/config/string_matcher.h"
#include "api/net/address.h"
#include "api/net/cidr.h"
#include "api/stream_info.h"

namespace outrigger::rbac {

// Who wants what: a connection, or a request on it. Thread: its worker. Lifetime: the evaluation.
class Subject {
 public:
  virtual const DownstreamConnectionInfo& connection() const = 0;
  // The client: of a request, the one that x-forwarded-for names.
  virtual const net::Address& remote() const { return connection().remote; }
  virtual bool metadata_matches(const config::MetadataMatcher& matcher) const = 0;
  // nullptr: not set.
  virtual const std::string* filter_state(std::string_view name) const {
    return connection().find_filter_state(name);
  }
  // Of a request; a connection has none of these, and its rules do not ask.
  virtual bool route_metadata_matches(const config::MetadataMatcher&) const { return false; }
  virtual bool header_matches(const config::HeaderMatch&) const { return false; }
  virtual std::string_view path() const { return {}; }  // without the query
  // What a generic matcher reads.
  virtual const config::MatchSource& match_source() const = 0;

 protected:
  ~Subject() = default;
};

// One condition of a policy: of permissions (what is wanted) or principals (who wants it).
struct Rule;

struct AllOf {
  std::vector<Rule> rules;
};
struct AnyOf {
  std::vector<Rule> rules;
};
struct Not {
  std::vector<Rule> rule;  // one
};
struct Constant {
  bool value = true;
};
enum class AddressOf : uint8_t {
  destination,
  source,         // the connection's peer, after PROXY protocol
  direct_remote,  // the socket's peer
  remote          // the client
};
struct InRange {
  AddressOf address = AddressOf::source;
  net::Cidr range;
};
struct DestinationPort {
  uint32_t first = 0, last = 0;  // both included
};
struct ServerName {
  config::StringMatcher name;
};
struct MetadataIs {
  config::MetadataMatcher matcher;
  bool of_route = false;
};
struct FilterStateIs {
  std::string key;
  config::StringMatcher value;
};
// The address in a filter state object is in one of the ranges.
struct FilterStateInRange {
  std::string key;
  std::vector<net::Cidr> ranges;
};
// Came over TLS. With a name: one of the certificate's URI and DNS names is it, or its subject.
struct Authenticated {
  bool any_name = true;
  config::StringMatcher name;
};
struct HeaderIs {
  config::HeaderMatch header;
};
struct PathIs {
  config::StringMatcher path;
};

struct Rule {
  std::variant<Constant, AllOf, AnyOf, Not, InRange, DestinationPort, ServerName, MetadataIs,
               FilterStateIs, FilterStateInRange, Authenticated, HeaderIs, PathIs>
      condition;

  bool matches(const Subject& subject) const;
};

struct Policy {
  std::string name;
  std::vector<Rule> permissions;  // one must match
  std::vector<Rule> principals;   // and one of these
};

enum class Action : uint8_t {
  allow,  // what a policy matches is allowed, everything else is not
  deny,   // the other way round
  log     // everything is allowed; whether a policy matched is noted
};

struct Decision {
  bool allowed = true;
  const Policy* policy = nullptr;  // the first that matched; nullptr: none
  bool to_log = false;             // the action is `log`
};

// A generic matcher in the place of policies. What it does not match is not allowed.
struct PolicyTree {
  struct Outcome {
    Policy policy;  // only its name counts
    Action action = Action::allow;
  };
  config::MatchTree tree;
  std::vector<Outcome> outcomes;  // by the number of the action

  Decision judge(const Subject& subject) const;
};

struct Policies {
  Action action = Action::allow;
  std::vector<Policy> policies;            // by name
  std::shared_ptr<const PolicyTree> tree;  // nullptr: the policies

  Decision judge(const Subject& subject) const;
};

// "rbac_access_denied_matched_policy[name]", for logs; spaces in the name become underscores.
std::string denial_details(const Decision& decision);

}  // namespace outrigger::rbac
