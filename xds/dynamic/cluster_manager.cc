#include "xds/dynamic/cluster_manager.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

#include "api/stats_xds.h"
#include "xds/dynamic/cluster_update.h"
#include "xds/dynamic/reject.h"
#include "xds/dynamic/requested_clusters.h"
#include "xds/field_errors.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;

// While clusters change, what names them is not worked off: it would find some of them missing.
constexpr std::string_view kFollowers[] = {kListenerType, kScopedRouteType, kRouteType};

// Asked for together, at the end of a slice.
class Pause {
 public:
  Pause(SubscriptionFactory& factory, std::string_view type) : factory_(factory), type_(type) {
    factory_.pause(type_);
  }
  ~Pause() { factory_.resume(type_); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  SubscriptionFactory& factory_;
  std::string_view type_;
};

}  // namespace

ClusterManager::ClusterManager(ClusterManagerParts parts)
    : parts_(std::move(parts)),
      stats_scope_(parts_.environment.stats.scope<ClusterManagerStats>("cluster_manager.")),
      stats_(stats_scope_->local<ClusterManagerStats>(StatsScope::kMainThread)),
      discovery_parts_{parts_.subscriptions,     parts_.reader, parts_.ledger,
                       parts_.environment.stats, parts_.clock,  {}},
      managed_parts_{parts_.environment, parts_.sink,
                     parts_.ledger,      parts_.defaults,
                     discovery_parts_,   stats_,
                     parts_.log,         [this](const std::string& name) { note_activated(name); }},
      static_ready_(std::make_shared<InitSet>("Static clusters")),
      first_ready_(std::make_shared<InitSet>("Cluster manager")) {}

ClusterManager::~ClusterManager() {
  *alive_ = false;
  requested_.clear();
}

absl::StatusOr<std::shared_ptr<const ClusterDemand>> ClusterManager::demand(
    const envoy::config::core::v3::ConfigSource& source, std::string locator) {
  absl::Status status = parts_.subscriptions.check_incremental(source, kClusterType);
  if (!status.ok()) {
    FieldErrors errors;
    errors.add_nested("source", status);
    return errors.status();
  }
  if (!locator.empty()) {
    auto name = parts_.subscriptions.collection(source, locator, kClusterType);
    if (!name.ok()) {
      FieldErrors errors;
      errors.add("resources_locator", name.status());
      return errors.status();
    }
    locator = *std::move(name);
  }
  auto& place = requested_[source.SerializeAsString() + '\n' + locator];
  if (place == nullptr) place = std::make_unique<RequestedClusters>(*this, source, locator);
  return place->demand();
}

void ClusterManager::sweep() {
  std::erase_if(requested_, [](const auto& one) { return one.second->unused(); });
}

void ClusterManager::note_activated(const std::string& name) {
  for (const auto& [source, clusters] : requested_) clusters->note_activated(name);
}

absl::Status ClusterManager::start(const Bootstrap& bootstrap,
                                   const std::vector<config::ClusterPtr>& statics,
                                   std::function<void()> initialized) {
  initialized_ = std::move(initialized);
  cds_config_ = bootstrap.dynamic_resources().cds_config();
  collection_ = bootstrap.dynamic_resources().cds_resources_locator();
  has_cds_ = bootstrap.dynamic_resources().has_cds_config() || !collection_.empty();
  if (absl::Status status = discover_static(bootstrap, statics); !status.ok()) return status;
  // An error that comes from inside is reported; later there is none: the source was tried.
  absl::Status status;
  auto inside = std::make_shared<absl::Status*>(&status);
  static_ready_->when_ready([this, inside] {
    absl::Status subscribed = subscribe_clusters();
    if (subscribed.ok()) return;
    if (*inside != nullptr) {
      **inside = subscribed;
    } else {
      parts_.log(true, one_sentence(subscribed));
      note_initialized();
    }
  });
  *inside = nullptr;
  return status;
}

absl::Status ClusterManager::discover_static(const Bootstrap& bootstrap,
                                             const std::vector<config::ClusterPtr>& statics) {
  FieldErrors errors;
  const auto& messages = bootstrap.static_resources().clusters();
  for (size_t i = 0; i < statics.size(); ++i) {
    const config::ClusterPtr& cluster = statics[i];
    statics_.insert(cluster->ref.name);
    if (cluster->discovery != config::Cluster::Discovery::eds) continue;
    auto discovery =
        EndpointDiscovery::subscribe(messages.Get(static_cast<int>(i)), cluster, discovery_parts_);
    if (!discovery.ok()) {
      errors.add_nested(fmt::format("static_resources.clusters[{}]", i), discovery.status());
      continue;
    }
    (*discovery)->on_change([this, slot = cluster->ref.slot](const auto& endpoints) {
      parts_.sink.set_endpoints(slot, endpoints);
    });
    (*discovery)->wait(*static_ready_);
    static_endpoints_.emplace(cluster->ref.name, *std::move(discovery));
  }
  return errors.status();
}

absl::Status ClusterManager::subscribe_clusters() {
  if (!has_cds_) {
    note_initialized();
    return absl::OkStatus();
  }
  SubscriptionRequest request;
  request.type_url = kClusterType;
  if (!collection_.empty()) {
    auto name = parts_.subscriptions.collection(cds_config_, collection_, kClusterType);
    if (!name.ok()) {
      FieldErrors errors;
      errors.add("dynamic_resources.cds_resources_locator", name.status());
      return errors.status();
    }
    request.names = {*std::move(name)};
  }
  request.stats = parts_.environment.stats.scope<SubscriptionStats>("cluster_manager.cds.");
  auto subscription = parts_.subscriptions.subscribe(cds_config_, std::move(request), *this);
  if (!subscription.ok()) {
    FieldErrors errors;
    errors.add_nested("dynamic_resources.cds_config", subscription.status());
    return errors.status();
  }
  subscription_ = *std::move(subscription);
  first_answer_ = first_ready_->add("CDS");
  first_ready_->when_ready([this] { note_initialized(); });
  return absl::OkStatus();
}

void ClusterManager::note_initialized() {
  if (initialized_) std::exchange(initialized_, nullptr)();
}

void ClusterManager::note_first_answer() {
  if (auto answer = std::exchange(first_answer_, nullptr)) answer->ready();
}

void ClusterManager::on_fetch_timeout() {
  note_first_answer();
}

void ClusterManager::on_update(std::shared_ptr<const ResourceUpdate> update, Done done) {
  for (std::string_view type : kFollowers) parts_.subscriptions.pause(type);
  update_ = std::make_unique<ClusterUpdate>(*this, std::move(update), std::move(done));
  work();
}

void ClusterManager::work() {
  bool finished = false;
  {
    Pause pause(parts_.subscriptions, kEndpointType);
    finished = update_->work(parts_.slice);
  }
  std::weak_ptr<bool> alive = alive_;
  if (finished) {
    parts_.sink.when_in_force([this, alive] {
      if (alive.lock() != nullptr) end_update();
    });
  } else {
    parts_.later([this, alive] {
      if (alive.lock() != nullptr) work();
    });
  }
}

void ClusterManager::end_update() {
  std::unique_ptr<ClusterUpdate> done = std::move(update_);
  if (done->accepted()) parts_.ledger.set_version(kClusterType, done->version());
  note_first_answer();
  done->report();
  for (std::string_view type : kFollowers) parts_.subscriptions.resume(type);
}

absl::Status ClusterManager::take_listed(const Resource& resource) {
  return take(resource, true);
}

absl::Status ClusterManager::take(const Resource& resource, bool listed) {
  if (statics_.contains(resource.name)) return absl::OkStatus();  // as in Envoy, it stays as it is
  uint64_t hash = XXH3_64bits(resource.body.value().data(), resource.body.value().size());
  std::unique_ptr<ManagedCluster>& cluster = clusters_[resource.name];
  if (cluster == nullptr) cluster = std::make_unique<ManagedCluster>(resource.name, managed_parts_);
  cluster->listed = cluster->listed || listed;
  if (cluster->has(hash) || cluster->return_to(hash, resource)) return absl::OkStatus();
  auto message = parts_.reader.read<Cluster>(resource.body);
  absl::Status status = message.status();
  if (status.ok() && canonical_name((*message)->name()) != resource.name)
    status = absl::InvalidArgumentError(fmt::format("name: is '{}', but the resource's is '{}'",
                                                    (*message)->name(), resource.name));
  if (status.ok()) {
    bool waited_for = listed && first_answer_ != nullptr;
    auto first = waited_for ? first_ready_->add("Cluster " + resource.name) : nullptr;
    status = cluster->take(**message, hash, resource, std::move(first));
  }
  if (!status.ok()) parts_.ledger.rejected(kClusterType, resource, one_sentence(status));
  return status;
}

void ClusterManager::remove(const std::string& name) {
  auto at = clusters_.find(name);
  if (at == clusters_.end()) return;
  if (!at->second->empty()) stats_.cluster_removed.inc();
  clusters_.erase(at);
  parts_.ledger.removed(kClusterType, name);
}

std::vector<std::string> ClusterManager::names() const {
  std::vector<std::string> out;
  for (const auto& [name, cluster] : clusters_) {
    if (cluster->listed) out.push_back(name);
  }
  return out;
}

bool ClusterManager::in_force(std::string_view name) const {
  if (statics_.contains(name)) return true;
  auto at = clusters_.find(name);
  return at != clusters_.end() && at->second->in_force();
}

std::string ClusterManager::service_name(std::string_view cluster) const {
  std::string name;
  if (auto fixed = static_endpoints_.find(cluster); fixed != static_endpoints_.end()) {
    name = fixed->second->service_name();
  } else if (auto managed = clusters_.find(cluster); managed != clusters_.end()) {
    name = managed->second->service_name();
  }
  return name == cluster ? std::string() : name;
}

bool ClusterManager::exists(std::string_view name) const {
  if (statics_.contains(name)) return true;
  auto at = clusters_.find(name);
  return at != clusters_.end() && !at->second->empty();
}

std::vector<std::shared_ptr<const InitSet>> ClusterManager::unready() const {
  std::vector<std::shared_ptr<const InitSet>> out;
  for (const auto& set : {static_ready_, first_ready_}) {
    if (!set->is_ready()) out.push_back(set);
  }
  for (const auto& [name, cluster] : clusters_) {
    if (auto set = cluster->waiting()) out.push_back(std::move(set));
  }
  return out;
}

}  // namespace outrigger::xds
