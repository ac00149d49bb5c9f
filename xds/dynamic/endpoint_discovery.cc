#include "xds/dynamic/endpoint_discovery.h"

#include <algorithm>
#include <utility>

#include "api/stats_xds.h"
#include "xds/compile_cluster_parts.h"
#include "xds/dynamic/reject.h"
#include "xds/field_errors.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

std::string service_name_of(const envoy::config::cluster::v3::Cluster& message) {
  const std::string& name = message.eds_cluster_config().service_name();
  return canonical_name(name.empty() ? message.name() : name);
}

}  // namespace

std::string EndpointDiscovery::key_of(const Cluster& message, const config::Cluster& cluster) {
  return cluster_stats_place(cluster).prefix + '\n' + service_name_of(message) + '\n' +
         message.eds_cluster_config().eds_config().SerializeAsString();
}

EndpointDiscovery::EndpointDiscovery(const Cluster& message, const config::ClusterPtr& cluster,
                                     EndpointDiscoveryParts& parts)
    : parts_(parts),
      key_(key_of(message, *cluster)),
      service_name_(service_name_of(message)),
      cluster_stats_(cluster->config_stats),
      assignment_(service_name_) {
  ++parts_.users[service_name_];
  parts_.ledger.requested(kEndpointType, service_name_);
}

EndpointDiscovery::~EndpointDiscovery() {
  auto users = parts_.users.find(service_name_);
  if (--users->second > 0) return;
  parts_.users.erase(users);
  parts_.ledger.removed(kEndpointType, service_name_);
}

absl::StatusOr<std::shared_ptr<EndpointDiscovery>> EndpointDiscovery::subscribe(
    const Cluster& message, const config::ClusterPtr& cluster, EndpointDiscoveryParts& parts) {
  std::shared_ptr<EndpointDiscovery> out(new EndpointDiscovery(message, cluster, parts));
  TlsStatPlace place = cluster_stats_place(*cluster);
  SubscriptionRequest request;
  request.type_url = kEndpointType;
  request.names = {out->service_name_};
  request.stats =
      parts.stats.scope<SubscriptionStats>(place.prefix, place.extracted_prefix, place.tags);
  auto subscription = parts.subscriptions.subscribe(message.eds_cluster_config().eds_config(),
                                                    std::move(request), *out);
  if (!subscription.ok()) {
    FieldErrors errors;
    errors.add_nested("eds_cluster_config.eds_config", subscription.status());
    return errors.status();
  }
  out->subscription_ = *std::move(subscription);
  return out;
}

ClusterConfigStats& EndpointDiscovery::stats() {
  return cluster_stats_->local<ClusterConfigStats>(StatsScope::kMainThread);
}

void EndpointDiscovery::wait(InitSet& set) {
  if (may_come_) waiting_.push_back(set.add("EDS " + service_name_));
}

void EndpointDiscovery::end_wait() {
  may_come_ = false;
  // The last one's ready() may bring this object to its end.
  for (auto& target : std::exchange(waiting_, {})) target->ready();
}

void EndpointDiscovery::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  UpdateResult result = take(*update);
  bool good = result.rejected.empty();
  done(std::move(result));
  // What was refused leaves the last good one, or, if there is none, the wait for one.
  if (good) end_wait();
}

UpdateResult EndpointDiscovery::take(const ResourceUpdate& update) {
  auto resource = std::find_if(update.added.begin(), update.added.end(),
                               [&](const Resource& each) { return each.name == service_name_; });
  if (resource == update.added.end()) {
    // A removal alone empties nothing: it is the cluster's own removal that counts.
    stats().update_empty.inc();
    return {};
  }
  auto endpoints = assignment_.update(resource->body, parts_.reader);
  if (!endpoints.ok()) {
    std::string reason = one_sentence(endpoints.status());
    parts_.ledger.rejected(kEndpointType, *resource, reason);
    return {{{service_name_, std::move(reason)}}};
  }
  parts_.ledger.activated(kEndpointType, *resource);
  await_staleness();
  if (*endpoints == endpoints_) {
    stats().update_no_rebuild.inc();
  } else {
    put(*endpoints);
  }
  return {};
}

void EndpointDiscovery::put(const EndpointSetPtr& endpoints) {
  endpoints_ = endpoints;
  if (changed_) changed_(endpoints_);
}

void EndpointDiscovery::await_staleness() {
  stale_.reset();
  if (!assignment_.stale_after() || parts_.clock == nullptr) return;
  stats().assignment_timeout_received.inc();
  stale_ = parts_.clock->after(*assignment_.stale_after(), [this] { on_stale(); });
}

// The management server promised a newer assignment by now: this one is not to be trusted.
void EndpointDiscovery::on_stale() {
  stats().assignment_stale.inc();
  put(std::make_shared<config::EndpointSet>());
}

void EndpointDiscovery::on_fetch_timeout() {
  parts_.ledger.missing(kEndpointType, service_name_);
  end_wait();
}

}  // namespace outrigger::xds
