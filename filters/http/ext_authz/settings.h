// Settings: whom to ask and what to tell them, compiled. Thread: any; immutable. Lifetime: the
// filter factory's. Semantics: envoy.extensions.filters.http.ext_authz.v3.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/metadata_matcher.h"
#include "api/config/route_match.h"
#include "api/config/string_matcher.h"
#include "api/filter/http_filter.h"
#include "api/grpc/client.h"

namespace outrigger::filters::ext_authz {

using Matchers = std::vector<config::StringMatcher>;

inline bool matches_any(const Matchers& matchers, std::string_view name) {
  for (const config::StringMatcher& matcher : matchers) {
    if (matcher.matches(name)) return true;
  }
  return false;
}

struct HttpService {
  config::ClusterRef cluster;
  std::chrono::milliseconds timeout{0};
  std::string path_prefix;
  config::HeaderMutations add;
  // Of the service's answer: into the request (instead of, or besides, what it has); into a denial;
  // into the response; into dynamic metadata.
  Matchers to_request, to_request_added, to_reply, to_response, to_metadata;
};

struct BodyRule {
  uint32_t max_bytes = 0;
  bool allow_partial = false;
  bool as_bytes = false;
};

struct Settings {
  // Exactly one of the two.
  std::optional<HttpService> http;
  std::optional<config::GrpcService> grpc;

  bool failure_mode_allow = false;
  bool failure_header = false;  // x-envoy-auth-failure-mode-allowed
  std::optional<BodyRule> body;
  bool clear_route = false;
  int status_on_error = 403;
  bool validate_mutations = false;
  std::vector<std::string> metadata_namespaces, route_metadata_namespaces;
  std::optional<config::RuntimeFraction> enabled;
  std::optional<config::MetadataMatcher> enabled_metadata;
  bool deny_at_disable = false;
  std::string deny_at_disable_key;
  bool include_peer_certificate = false;
  bool include_tls_session = false;
  // Which fields of the request the service sees; absent: all (gRPC), or the few that it needs.
  std::optional<Matchers> allowed_headers;
  Matchers disallowed_headers;
  bool charge_cluster = true;
  bool ingest_metadata = true;
  size_t max_denied_body = 0;  // 0: any

  bool shows_header(std::string_view name) const;
};

struct ExtAuthzRouteConfig final : FilterRouteConfig {
  bool disabled = false;
  std::map<std::string, std::string> context_extensions;
  bool no_body = false;
  std::optional<BodyRule> body;
};

}  // namespace outrigger::filters::ext_authz
