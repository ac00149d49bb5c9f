#include "tools/ctl/describe_action.h"

#include <array>

#include "fmt/format.h"
#include "fmt/ranges.h"

#include "tools/ctl/describe_headers.h"

namespace outrigger::ctl {
namespace {

using config::ForwardAction;
using config::Milliseconds;
using config::WeightedCluster;
using Lines = std::vector<std::string>;

std::string text_of(Milliseconds time) {
  return time.count() % 1000 == 0 ? fmt::format("{} s", time.count() / 1000)
                                  : fmt::format("{} ms", time.count());
}

std::string limit_of(Milliseconds time) {
  return time.count() == 0 ? "none" : text_of(time);
}

std::string cluster_name(const WeightedCluster& cluster) {
  return cluster.cluster_header.empty()
             ? fmt::format("\"{}\"", cluster.cluster.name)
             : fmt::format("the one that the header \"{}\" names", cluster.cluster_header);
}

void describe_cluster(const Decision& decision, const ForwardAction& action, const Request& request,
                      Lines& out) {
  const route::ClusterChoice& choice = decision.matched.cluster;
  if (choice.name.empty()) {
    out.push_back(fmt::format("no cluster: the request has no header that names it; answers {}",
                              action.cluster_not_found_code));
    return;
  }
  out.push_back(fmt::format("forwards to cluster \"{}\"", choice.name));
  if (!action.cluster_header.empty())
    out.push_back(fmt::format("  named by the header \"{}\"", action.cluster_header));
  if (action.weighted.empty()) return;
  out.push_back(fmt::format("  chosen by weight, the random value is {}:", request.random()));
  for (const WeightedCluster& cluster : action.weighted) {
    out.push_back(fmt::format("  {} {} of {}{}", cluster_name(cluster), cluster.weight,
                              action.total_weight,
                              &cluster == choice.weighted ? " (this one)" : ""));
  }
}

void describe_timeouts(const ForwardAction& action, Lines& out) {
  out.push_back(fmt::format("timeout: {}", limit_of(action.timeout)));
  if (action.idle_timeout)
    out.push_back(fmt::format("idle timeout: {}", limit_of(*action.idle_timeout)));
  if (action.max_stream_duration)
    out.push_back(fmt::format("longest stream: {}", limit_of(*action.max_stream_duration)));
  if (action.grpc_timeout_header_max) {
    out.push_back(fmt::format("the header grpc-timeout counts, up to {}",
                              action.grpc_timeout_header_max->count() == 0
                                  ? "any time"
                                  : text_of(*action.grpc_timeout_header_max)));
  }
}

// The words of retry_on, by their bits.
constexpr std::array<std::string_view, 16> kRetryWords = {
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "refused-stream",
    "retriable-4xx",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
};

std::string retry_words(uint32_t bits) {
  Lines words;
  for (size_t i = 0; i < kRetryWords.size(); ++i) {
    if ((bits >> i & 1) != 0) words.emplace_back(kRetryWords[i]);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

void describe_retries(const ForwardAction& action, Lines& out) {
  if (action.retry == nullptr || action.retry->on == 0) {
    out.emplace_back("retries: none but what the request's headers ask for");
    return;
  }
  const config::RetryPolicy& policy = *action.retry;
  std::string line =
      fmt::format("retries: up to {} on {}", policy.num_retries, retry_words(policy.on));
  if (!policy.retriable_status_codes.empty())
    line += fmt::format(" ({})", fmt::join(policy.retriable_status_codes, ", "));
  if (policy.per_try_timeout) line += fmt::format("; {} each", text_of(*policy.per_try_timeout));
  if (policy.per_try_idle_timeout)
    line += fmt::format("; idle for {} at most", text_of(*policy.per_try_idle_timeout));
  line += fmt::format("; back-off from {} to {}", text_of(policy.base_interval),
                      text_of(policy.max_interval));
  if (policy.avoid_previous_hosts) line += "; to another host";
  if (action.hedge_on_per_try_timeout) line += "; a late try goes on beside the next one";
  out.push_back(std::move(line));
}

void describe_mirrors(const LoadedRoutes& routes, const ForwardAction& action, Lines& out) {
  const auto& mirrors = action.mirrors.empty() ? routes.table().mirrors : action.mirrors;
  for (const config::MirrorPolicy& mirror : mirrors) {
    std::string to = mirror.cluster_header.empty()
                         ? fmt::format("\"{}\"", mirror.cluster.name)
                         : fmt::format("what the header \"{}\" names", mirror.cluster_header);
    out.push_back(
        fmt::format("mirrors {:g} % to cluster {}", mirror.fraction.per_million / 10'000.0, to));
  }
}

void describe_rest(const ForwardAction& action, Lines& out) {
  for (const config::HashPolicy& policy : action.hash_policies) {
    using Kind = config::HashPolicy::Kind;
    std::string_view kind = policy.kind == Kind::header            ? "header"
                            : policy.kind == Kind::cookie          ? "cookie"
                            : policy.kind == Kind::source_ip       ? "source address"
                            : policy.kind == Kind::query_parameter ? "query parameter"
                                                                   : "filter state";
    out.push_back(policy.name.empty() ? fmt::format("hash by the {}", kind)
                                      : fmt::format("hash by the {} \"{}\"", kind, policy.name));
  }
  for (const config::UpgradeConfig& upgrade : action.upgrades)
    out.push_back(
        fmt::format("upgrade to {}: {}", upgrade.type, upgrade.enabled ? "allowed" : "refused"));
  if (action.internal_redirect != nullptr)
    out.push_back(fmt::format("follows up to {} redirects of the upstream",
                              action.internal_redirect->max_redirects));
  if (action.auto_host_rewrite)
    out.emplace_back("the host becomes the endpoint's name, where it has one");
  if (action.high_priority) out.emplace_back("priority: high");
  if (action.metadata_match != nullptr) {
    for (const auto& [key, value] : action.metadata_match->values())
      out.push_back(fmt::format("only endpoints whose metadata has the right \"{}\"", key));
  }
  if (!action.rate_limits.empty())
    out.push_back(fmt::format("rate limit entries: {}", action.rate_limits.size()));
}

void describe_filters(const LoadedRoutes& routes, const Decision& decision, Lines& out) {
  auto add = [&out](const config::PerFilterConfig& level, std::string_view name) {
    for (const auto& entry : level.entries) {
      out.push_back(fmt::format("filter \"{}\": {} by the {}", entry.filter_name,
                                entry.disabled ? "disabled" : "configured", name));
    }
  };
  const route::RouteMatchResult& matched = decision.matched;
  if (matched.cluster.weighted != nullptr)
    add(matched.cluster.weighted->per_filter, "weighted cluster");
  add(matched.route->per_filter, "route");
  add(matched.host->per_filter, "virtual host");
  add(routes.table().per_filter, "route configuration");
}

void describe_forward(const LoadedRoutes& routes, const Decision& decision, const Request& request,
                      Lines& out) {
  const ForwardAction& action = *decision.forward();
  describe_cluster(decision, action, request, out);
  std::string_view counted = virtual_cluster_of(decision, request.headers());
  if (!counted.empty()) out.push_back(fmt::format("counted as virtual cluster \"{}\"", counted));
  describe_timeouts(action, out);
  describe_retries(action, out);
  if (decision.matched.route->request_buffer_limit) {
    out.push_back(fmt::format("buffers up to {} octets of the request",
                              *decision.matched.route->request_buffer_limit));
  }
  describe_mirrors(routes, action, out);
  describe_rest(action, out);
}

}  // namespace

std::vector<std::string> describe_action(const LoadedRoutes& routes, const Decision& decision,
                                         const Request& request) {
  Lines out;
  const route::RouteMatchResult& matched = decision.matched;
  if (matched.needs_tls) {
    out.push_back(fmt::format("redirects with {} to {}: the virtual host requires TLS",
                              decision.code, decision.redirect));
  }
  if (matched.route == nullptr) {
    if (!matched.needs_tls) out.emplace_back("answers 404: there is no route for the request");
    return out;
  }
  if (decision.forward() != nullptr) {
    describe_forward(routes, decision, request, out);
  } else if (std::holds_alternative<config::RedirectAction>(matched.route->action)) {
    out.push_back(fmt::format("redirects with {} to {}", decision.code, decision.redirect));
  } else if (decision.answers()) {
    out.push_back(fmt::format("answers {} directly", decision.code));
  } else {
    out.emplace_back("forwards nothing: a filter has to answer (non_forwarding_action)");
  }
  describe_filters(routes, decision, out);
  describe_headers(routes, decision, out);
  return out;
}

}  // namespace outrigger::ctl
