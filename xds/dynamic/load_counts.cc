#include "xds/dynamic/load_counts.h"

#include "api/stats_cluster.h"

namespace outrigger::xds {
namespace {

using envoy::config::endpoint::v3::UpstreamLocalityStats;

const config::EndpointSet& endpoints_of(const ReportedCluster& cluster) {
  return cluster.endpoints == nullptr ? *cluster.config->endpoints : *cluster.endpoints;
}

const config::ResourceUsage& usage_of(const ReportedCluster& cluster) {
  return *cluster.config->circuit_breakers[0].usage;
}

void put_address(const net::Address& address, envoy::config::core::v3::Address& out) {
  if (!address.is_ip()) {
    out.mutable_pipe()->set_path(address.text());
    return;
  }
  auto& socket = *out.mutable_socket_address();
  std::string text = address.text();
  std::string host = text.substr(0, text.rfind(':'));
  bool brackets = host.size() > 2 && host.front() == '[';
  socket.set_address(brackets ? host.substr(1, host.size() - 2) : host);
  socket.set_port_value(address.port());
}

void put_interval(std::chrono::steady_clock::duration took, google::protobuf::Duration& out) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
  out.set_seconds(nanoseconds / kSecond);
  out.set_nanos(static_cast<int32_t>(nanoseconds % kSecond));
}

}  // namespace

void LoadCounts::Counts::add(const Counts& other) {
  success += other.success;
  error += other.error;
  issued += other.issued;
  active += other.active;
}

LoadCounts::Counts LoadCounts::read(const StatsScope& stats) {
  Counts out;
  int64_t active = 0;
  stats.for_each_shard([&](const void* shard) {
    const auto& host = *static_cast<const HostStats*>(shard);
    out.success += host.rq_success.value();
    out.error += host.rq_error.value();
    out.issued += host.rq_total.value();
    active += host.rq_active.value();
  });
  if (active > 0) out.active = static_cast<uint64_t>(active);
  return out;
}

LoadCounts::LoadCounts(const ReportedCluster& cluster, Time now) : since_(now) {
  for (const config::LocalityEndpoints& locality : endpoints_of(cluster).localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) take(*endpoint);
  }
  overflowed_ = usage_of(cluster).overflowed.load(std::memory_order_relaxed);
  dropped_ = usage_of(cluster).dropped.load(std::memory_order_relaxed);
}

// What is new of the endpoint. One that nobody asked for anything has nothing to remember.
LoadCounts::Counts LoadCounts::take(const config::Endpoint& endpoint) {
  if (endpoint.stats == nullptr || !endpoint.stats->used()) return {};
  Counts now = read(*endpoint.stats);
  Known& known = known_[endpoint.stats.get()];
  known.stats = endpoint.stats;
  known.round = round_;
  Counts before = known.counts;
  known.counts = now;
  return {now.success - before.success, now.error - before.error, now.issued - before.issued,
          now.active};
}

void LoadCounts::report_locality(const config::LocalityEndpoints& locality, bool by_endpoint,
                                 ClusterStats& out) {
  UpstreamLocalityStats stats;
  Counts all;
  for (const config::EndpointPtr& endpoint : locality.endpoints) {
    Counts counts = take(*endpoint);
    all.add(counts);
    if (!by_endpoint || !counts.any()) continue;
    auto& of_endpoint = *stats.add_upstream_endpoint_stats();
    put_address(endpoint->address, *of_endpoint.mutable_address());
    of_endpoint.set_total_successful_requests(counts.success);
    of_endpoint.set_total_error_requests(counts.error);
    of_endpoint.set_total_requests_in_progress(counts.active);
    of_endpoint.set_total_issued_requests(counts.issued);
  }
  if (!all.any()) return;
  stats.mutable_locality()->set_region(locality.locality.region);
  stats.mutable_locality()->set_zone(locality.locality.zone);
  stats.mutable_locality()->set_sub_zone(locality.locality.sub_zone);
  stats.set_priority(locality.priority);
  stats.set_total_successful_requests(all.success);
  stats.set_total_error_requests(all.error);
  stats.set_total_requests_in_progress(all.active);
  stats.set_total_issued_requests(all.issued);
  *out.add_upstream_locality_stats() = std::move(stats);
}

void LoadCounts::report_drops(const ReportedCluster& cluster, ClusterStats& out) {
  uint64_t overflowed = usage_of(cluster).overflowed.load(std::memory_order_relaxed);
  uint64_t dropped = usage_of(cluster).dropped.load(std::memory_order_relaxed);
  out.set_total_dropped_requests(overflowed - overflowed_ + dropped - dropped_);
  if (dropped > dropped_) {
    auto& of_category = *out.add_dropped_requests();
    const auto& drop = endpoints_of(cluster).drop_overload;
    if (drop != nullptr) of_category.set_category(drop->category);
    of_category.set_dropped_count(dropped - dropped_);
  }
  overflowed_ = overflowed;
  dropped_ = dropped;
}

void LoadCounts::report(const ReportedCluster& cluster, Time now, bool by_endpoint,
                        ClusterStats& out) {
  ++round_;
  out.set_cluster_name(cluster.config->ref.name);
  for (const config::LocalityEndpoints& locality : endpoints_of(cluster).localities)
    report_locality(locality, by_endpoint, out);
  report_drops(cluster, out);
  put_interval(now - since_, *out.mutable_load_report_interval());
  since_ = now;
  std::erase_if(known_, [this](const auto& each) { return each.second.round != round_; });
}

}  // namespace outrigger::xds
