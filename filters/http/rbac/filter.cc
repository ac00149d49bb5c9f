#include "filters/http/rbac/filter.h"

#include "api/config/header_match.h"

namespace outrigger::filters::http_rbac {
namespace {

constexpr std::string_view kMetadata = "envoy.filters.http.rbac";

class RequestSubject final : public rbac::Subject {
 public:
  explicit RequestSubject(FilterContext& context) : context_(context) {}

  const DownstreamConnectionInfo& connection() const override {
    return *context_.info().connection;
  }
  const net::Address& remote() const override { return context_.info().downstream_remote; }
  bool metadata_matches(const config::MetadataMatcher& matcher) const override {
    static const Metadata kNone;
    const StreamExtras* extras = context_.info().extras.get();
    return matcher.matches(extras == nullptr ? kNone : extras->metadata);
  }
  const std::string* filter_state(std::string_view name) const override {
    const StreamExtras* extras = context_.info().extras.get();
    const std::string* found = extras == nullptr ? nullptr : extras->filter_state.find(name);
    return found == nullptr ? connection().find_filter_state(name) : found;
  }
  bool route_metadata_matches(const config::MetadataMatcher& matcher) const override {
    static const Metadata kNone;
    const config::Route* route = context_.route();
    return matcher.matches(route == nullptr ? kNone : route->metadata);
  }
  bool header_matches(const config::HeaderMatch& match) const override {
    return config::matches(match, context_.request_headers());
  }
  std::string_view path() const override {
    std::string_view path = context_.request_headers().get(http::HeaderId::path);
    return path.substr(0, path.find_first_of("?#"));
  }
  const config::MatchSource& match_source() const override { return context_.match_source(); }

 private:
  FilterContext& context_;
};

MetadataStruct& metadata_of(FilterContext& context, std::string_view name) {
  StreamInfo& info = context.info();
  if (info.extras == nullptr) info.extras = make_in_arena<StreamExtras>(context.arena());
  return info.extras->metadata.of(name);
}

// Action LOG: whether a policy matched, for an access log that asks this key.
void note_log_hint(const rbac::Decision& decision, FilterContext& context) {
  if (!decision.to_log) return;
  metadata_of(context, "envoy.common")["access_log_hint"] =
      MetadataValue(decision.policy != nullptr);
}

void note(const rbac::Decision& decision, const std::string& prefix, const char* id_key,
          const char* result_key, FilterContext& context) {
  MetadataStruct& fields = metadata_of(context, kMetadata);
  if (decision.policy != nullptr) fields[prefix + id_key] = MetadataValue(decision.policy->name);
  fields[prefix + result_key] = MetadataValue(std::string(decision.allowed ? "allowed" : "denied"));
}

}  // namespace

Verdict RbacFilter::on_request_headers(FilterContext& context, http::HeaderMap&, bool) {
  const auto* route = static_cast<const RouteRules*>(context.route_config());
  const Rules& rules = route == nullptr ? settings_.rules : route->rules;
  judge_shadow(context, rules);
  std::optional<rbac::Decision> denied = judge(context, rules);
  if (!denied) return Verdict::next();
  LocalReply reply;
  reply.code = 403;
  reply.body = "RBAC: access denied";
  reply.outcome.details = context.arena().copy(rbac::denial_details(*denied));
  reply.outcome.cause = "an authorization policy does not let this request pass";
  return Verdict::reply(reply);
}

void RbacFilter::judge_shadow(FilterContext& context, const Rules& rules) {
  if (!rules.shadow) return;
  rbac::Decision decision = rules.shadow->judge(RequestSubject(context));
  auto& stats = settings_.shadow_stats->local<RbacShadowStats>(context.worker());
  (decision.allowed ? stats.shadow_allowed : stats.shadow_denied).inc();
  note(decision, rules.shadow_prefix, "shadow_effective_policy_id", "shadow_engine_result",
       context);
}

std::optional<rbac::Decision> RbacFilter::judge(FilterContext& context, const Rules& rules) {
  if (!rules.enforced) return std::nullopt;
  rbac::Decision decision = rules.enforced->judge(RequestSubject(context));
  auto& stats = settings_.stats->local<RbacStats>(context.worker());
  (decision.allowed ? stats.allowed : stats.denied).inc();
  note_log_hint(decision, context);
  note(decision, rules.enforced_prefix, "enforced_effective_policy_id", "enforced_engine_result",
       context);
  if (decision.allowed) return std::nullopt;
  return decision;
}

}  // namespace outrigger::filters::http_rbac
