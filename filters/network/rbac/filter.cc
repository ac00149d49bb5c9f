#include "filters/network/rbac/filter.h"

namespace outrigger::filters::network_rbac {
namespace {

constexpr std::string_view kDenied = "rbac_deny_close";
constexpr std::string_view kMetadata = "envoy.filters.network.rbac";

class ConnectionSubject final : public rbac::Subject {
 public:
  explicit ConnectionSubject(const DownstreamConnectionInfo& connection)
      : connection_(connection), source_(connection) {}

  const DownstreamConnectionInfo& connection() const override { return connection_; }
  bool metadata_matches(const config::MetadataMatcher& matcher) const override {
    static const Metadata kNone;
    return matcher.matches(connection_.extras == nullptr ? kNone : connection_.extras->metadata);
  }

  const config::MatchSource& match_source() const override { return source_; }

 private:
  const DownstreamConnectionInfo& connection_;
  config::ConnectionSource source_;
};

// Action LOG: whether a policy matched, for an access log that asks this key.
void note_log_hint(const rbac::Decision& decision, DownstreamConnectionInfo& info) {
  if (!decision.to_log) return;
  info.make_extras().metadata.of("envoy.common")["access_log_hint"] =
      MetadataValue(decision.policy != nullptr);
}

void note(const rbac::Decision& decision, const std::string& prefix, const char* id_key,
          const char* result_key, DownstreamConnectionInfo& info) {
  MetadataStruct& fields = info.make_extras().metadata.of(kMetadata);
  if (decision.policy != nullptr) fields[prefix + id_key] = MetadataValue(decision.policy->name);
  fields[prefix + result_key] = MetadataValue(std::string(decision.allowed ? "allowed" : "denied"));
}

}  // namespace

NetworkVerdict RbacFilter::on_data(NetworkFilterContext& context, Bytes&, bool) {
  if (judged_ && !settings_->continuous) return NetworkVerdict::next;
  judged_ = true;
  judge_shadow(context);
  return judge(context) ? NetworkVerdict::next : deny(context);
}

void RbacFilter::judge_shadow(NetworkFilterContext& context) {
  if (!settings_->shadow_rules) return;
  rbac::Decision decision = settings_->shadow_rules->judge(ConnectionSubject(context.info()));
  auto& stats = settings_->shadow_stats->local<RbacShadowStats>(context.worker());
  (decision.allowed ? stats.shadow_allowed : stats.shadow_denied).inc();
  note(decision, settings_->shadow_prefix, "shadow_effective_policy_id", "shadow_engine_result",
       context.info());
}

bool RbacFilter::judge(NetworkFilterContext& context) {
  if (!settings_->rules) return true;
  DownstreamConnectionInfo& info = context.info();
  rbac::Decision decision = settings_->rules->judge(ConnectionSubject(info));
  auto& stats = settings_->stats->local<RbacStats>(context.worker());
  (decision.allowed ? stats.allowed : stats.denied).inc();
  note_log_hint(decision, info);
  if (!decision.allowed)
    info.make_extras().connection_termination_details = rbac::denial_details(decision);
  return decision.allowed;
}

void RbacFilter::on_timer(NetworkFilterContext& context) {
  context.close(false, kDenied);
}

NetworkVerdict RbacFilter::deny(NetworkFilterContext& context) {
  if (settings_->delay_deny) {
    context.start_timer(*settings_->delay_deny);
  } else {
    context.close(false, kDenied);
  }
  return NetworkVerdict::stop;
}

}  // namespace outrigger::filters::network_rbac
