// lb_policy and load_balancing_policy: who chooses a host, and how. What hashing, subsets and
// localities add is in files of its own.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.pb.h"
#include "envoy/extensions/load_balancing_policies/cluster_provided/v3/cluster_provided.pb.h"
#include "envoy/extensions/load_balancing_policies/least_request/v3/least_request.pb.h"
#include "envoy/extensions/load_balancing_policies/override_host/v3/override_host.pb.h"
#include "envoy/extensions/load_balancing_policies/random/v3/random.pb.h"
#include "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.pb.h"
#include "envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Balancer = config::Cluster::Balancer;
using envoy::config::cluster::v3::Cluster;
using envoy::config::cluster::v3::LoadBalancingPolicy;
using envoy::extensions::load_balancing_policies::client_side_weighted_round_robin::v3::
    ClientSideWeightedRoundRobin;
using envoy::extensions::load_balancing_policies::cluster_provided::v3::ClusterProvided;
using envoy::extensions::load_balancing_policies::common::v3::LocalityLbConfig;
using envoy::extensions::load_balancing_policies::least_request::v3::LeastRequest;
using envoy::extensions::load_balancing_policies::override_host::v3::OverrideHost;
using envoy::extensions::load_balancing_policies::random::v3::Random;
using envoy::extensions::load_balancing_policies::round_robin::v3::RoundRobin;
using envoy::extensions::load_balancing_policies::subset::v3::Subset;
using envoy::extensions::load_balancing_policies::wrr_locality::v3::WrrLocality;

using ZoneAware = LocalityLbConfig::ZoneAwareLbConfig;

constexpr const char* kList = "load_balancing_policy";
constexpr int kMostNested = 4;  // policies that hold policies: each kind once

// nullopt: it is of another type.
template <class Message>
std::optional<Message> unpack(const google::protobuf::Any& any) {
  Message out;
  if (!is_type(any, Message::descriptor()->full_name()) || !any.UnpackTo(&out)) return std::nullopt;
  return out;
}

config::RuntimeNumber compile_number(const envoy::config::core::v3::RuntimeDouble& from) {
  return {from.default_value(), from.runtime_key()};
}

template <class Message>
std::optional<config::SlowStart> compile_slow_start(const Message& message) {
  config::SlowStart out;
  out.window = to_milliseconds(message.slow_start_window());
  if (out.window.count() <= 0) return std::nullopt;
  if (message.has_aggression()) out.aggression = compile_number(message.aggression());
  if (message.has_min_weight_percent())
    out.min_weight_percent = message.min_weight_percent().value();
  return out;
}

// The older message says the same in fewer fields.
ZoneAware newer(const Cluster::CommonLbConfig::ZoneAwareLbConfig& from) {
  ZoneAware out;
  if (from.has_routing_enabled()) *out.mutable_routing_enabled() = from.routing_enabled();
  if (from.has_min_cluster_size()) *out.mutable_min_cluster_size() = from.min_cluster_size();
  out.set_fail_traffic_on_panic(from.fail_traffic_on_panic());
  return out;
}

config::ZoneRouting compile_zones(const ZoneAware& from, const ClusterDefaults& defaults,
                                  CompileEnvironment& environment) {
  config::ZoneRouting out;
  if (from.has_routing_enabled()) out.enabled_percent = from.routing_enabled().value();
  if (from.has_min_cluster_size()) out.min_cluster_size = from.min_cluster_size().value();
  if (from.force_locality_direct_routing()) out.force_local_min = 1;
  if (from.has_force_local_zone()) {
    const auto& zone = from.force_local_zone();
    out.force_local_min = zone.has_min_size() ? zone.min_size().value() : 1;
  }
  out.by_weight = from.locality_basis() == ZoneAware::HEALTHY_HOSTS_WEIGHT;
  auto local = std::make_shared<config::LocalZone>();
  local->cluster = environment.clusters.ref(defaults.local_cluster_name);
  local->region = environment.node.region;
  local->zone = environment.node.zone;
  local->sub_zone = environment.node.sub_zone;
  out.local = std::move(local);
  return out;
}

// choice_count and active_request_bias; slow starts are of both policies that have them.
template <class Message>
void compile_least_request(const Message& message, config::Cluster& out,
                           config::BalancerOptions& options) {
  out.balancer = Balancer::least_request;
  if (message.has_choice_count()) out.least_request_choices = message.choice_count().value();
  if (message.has_active_request_bias())
    options.active_request_bias = compile_number(message.active_request_bias());
  if (message.has_slow_start_config())
    options.slow_start = compile_slow_start(message.slow_start_config());
}

class PolicyCompiler {
 public:
  // `provides_hosts`: the cluster has no endpoints to choose from.
  PolicyCompiler(bool provides_hosts, config::Cluster& out, config::BalancerOptions& options,
                 FieldErrors& errors)
      : provides_hosts_(provides_hosts), out_(out), options_(options), errors_(errors) {}

  const ZoneAware& zones() const { return zones_; }

  // The first policy of the list that we have, as Envoy chooses.
  void compile(const LoadBalancingPolicy& list, int nested = 0) {
    if (nested == kMostNested) return errors_.add(kList, "policies are nested too deep");
    for (const auto& policy : list.policies()) {
      const auto& config = policy.typed_extension_config().typed_config();
      if (compile_simple(config) || compile_wrapping(config, nested)) return;
    }
    errors_.add(kList,
                "names no policy that is supported by Outrigger (round_robin, least_request, "
                "random, ring_hash, maglev, subset, wrr_locality, override_host, "
                "client_side_weighted_round_robin, cluster_provided)");
  }

 private:
  bool compile_simple(const google::protobuf::Any& config) {
    if (compile_hashing_policy(config, out_, errors_)) return true;
    if (auto message = unpack<RoundRobin>(config)) {
      out_.balancer = Balancer::round_robin;
      if (message->has_slow_start_config())
        options_.slow_start = compile_slow_start(message->slow_start_config());
      compile_locality(message->locality_lb_config());
    } else if (auto weighted = unpack<ClientSideWeightedRoundRobin>(config)) {
      compile_client_weighting(*weighted);
    } else if (auto random = unpack<Random>(config)) {
      out_.balancer = Balancer::random;
      compile_locality(random->locality_lb_config());
    } else if (auto least = unpack<LeastRequest>(config)) {
      compile_least_request(*least, out_, options_);
      options_.full_scan =
          least->selection_method() == LeastRequest::FULL_SCAN || least->enable_full_scan().value();
      compile_locality(least->locality_lb_config());
    } else if (unpack<ClusterProvided>(config)) {
      if (!provides_hosts_)
        errors_.add(kList, "cluster_provided is for clusters that find endpoints by requests");
    } else {
      return false;
    }
    return true;
  }
  void compile_client_weighting(const ClientSideWeightedRoundRobin& from) {
    out_.balancer = Balancer::client_weighted;
    if (from.enable_oob_load_report().value())
      errors_.add(kList,
                  "enable_oob_load_report is not supported by Outrigger: only reports in "
                  "responses count");
    config::ClientWeighting& out = options_.client_weighting.emplace();
    if (from.has_blackout_period()) out.blackout = to_milliseconds(from.blackout_period());
    if (from.has_weight_expiration_period())
      out.expiration = to_milliseconds(from.weight_expiration_period());
    // More often than ten times a second costs more than it tells.
    constexpr std::chrono::milliseconds kLeast{100};
    if (from.has_weight_update_period())
      out.update = std::max(kLeast, to_milliseconds(from.weight_update_period()));
    if (from.has_error_utilization_penalty())
      out.error_penalty = from.error_utilization_penalty().value();
    for (const std::string& name : from.metric_names_for_computing_utilization())
      out.metrics.push_back(name);
    if (from.has_slow_start_config())
      options_.slow_start = compile_slow_start(from.slow_start_config());
  }
  void compile_locality(const LocalityLbConfig& from) {
    out_.locality_weighted = from.has_locality_weighted_lb_config();
    out_.fail_traffic_on_panic = from.zone_aware_lb_config().fail_traffic_on_panic();
    zones_ = from.zone_aware_lb_config();
  }
  // Policies around others.
  bool compile_wrapping(const google::protobuf::Any& config, int nested) {
    if (auto subset = unpack<Subset>(config)) {
      if (options_.subsets != nullptr) errors_.add(kList, "a subset policy inside another one");
      options_.subsets = compile_subsets(*subset, errors_);
      compile(subset->subset_lb_policy(), nested + 1);
    } else if (auto wrr = unpack<WrrLocality>(config)) {
      compile(wrr->endpoint_picking_policy(), nested + 1);
      out_.locality_weighted = true;
    } else if (auto named = unpack<OverrideHost>(config)) {
      compile_sources(*named);
      compile(named->fallback_policy(), nested + 1);
    } else {
      return false;
    }
    return true;
  }
  void compile_sources(const OverrideHost& message) {
    options_.override_sources.emplace();
    for (const auto& from : message.override_host_sources()) {
      if (from.header().empty() != from.has_metadata())
        errors_.add(kList, "override_host_sources: exactly one of header and metadata must be set");
      config::OverrideHostSource source;
      source.header = absl::AsciiStrToLower(from.header());
      source.path.push_back(from.metadata().key());
      for (const auto& segment : from.metadata().path()) source.path.push_back(segment.key());
      options_.override_sources->push_back(std::move(source));
    }
  }

  ZoneAware zones_;
  bool provides_hosts_;
  config::Cluster& out_;
  config::BalancerOptions& options_;
  FieldErrors& errors_;
};

// The fields that are older than load_balancing_policy.
void compile_by_name(const Cluster& cluster, config::Cluster& out, config::BalancerOptions& options,
                     FieldErrors& errors) {
  switch (cluster.lb_policy()) {
    case Cluster::ROUND_ROBIN:
      out.balancer = Balancer::round_robin;
      if (cluster.round_robin_lb_config().has_slow_start_config())
        options.slow_start =
            compile_slow_start(cluster.round_robin_lb_config().slow_start_config());
      break;
    case Cluster::LEAST_REQUEST:
      compile_least_request(cluster.least_request_lb_config(), out, options);
      break;
    case Cluster::RANDOM:
      out.balancer = Balancer::random;
      break;
    case Cluster::RING_HASH:
    case Cluster::MAGLEV:
      out.balancer =
          cluster.lb_policy() == Cluster::MAGLEV ? Balancer::maglev : Balancer::ring_hash;
      compile_hashing(cluster, out, errors);
      break;
    case Cluster::LOAD_BALANCING_POLICY_CONFIG:
      errors.add("lb_policy", "LOAD_BALANCING_POLICY_CONFIG needs load_balancing_policy");
      break;
    case Cluster::CLUSTER_PROVIDED:
      errors.add("lb_policy",
                 "CLUSTER_PROVIDED is for clusters of the types ORIGINAL_DST and "
                 "dynamic_forward_proxy");
      break;
    default:
      errors.add("lb_policy", fmt::format("{} is not supported by Outrigger",
                                          Cluster::LbPolicy_Name(cluster.lb_policy())));
  }
}

// Without selectors it says nothing, as in Envoy.
void compile_old_subsets(const Cluster& cluster, config::BalancerOptions& options,
                         FieldErrors& errors) {
  const auto& message = cluster.lb_subset_config();
  if (message.subset_selectors().empty()) return;
  if (cluster.lb_policy() == Cluster::CLUSTER_PROVIDED) {
    errors.add("lb_subset_config", "is not for the lb_policy CLUSTER_PROVIDED");
    return;
  }
  options.subsets = compile_subsets(message, errors);
}

// Of clusters that choose the host by what the request says.
void compile_provided(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  if (cluster.has_load_balancing_policy()) {
    config::BalancerOptions none;
    PolicyCompiler(true, out, none, errors).compile(cluster.load_balancing_policy());
  } else if (cluster.lb_policy() != Cluster::CLUSTER_PROVIDED) {
    errors.add("lb_policy",
               fmt::format("{} is not valid for the type {}: only CLUSTER_PROVIDED is",
                           Cluster::LbPolicy_Name(cluster.lb_policy()),
                           out.original_dst ? "ORIGINAL_DST" : "dynamic_forward_proxy"));
  }
}

// In which of the states that endpoints may have a session's host serves.
void compile_override_status(const Cluster& cluster, config::BalancerOptions& options) {
  if (!cluster.common_lb_config().has_override_host_status()) return;
  uint32_t bits = 0;
  for (int status : cluster.common_lb_config().override_host_status().statuses())
    bits |= 1u << status;
  options.override_health = bits;
}

bool says_something(const config::BalancerOptions& options) {
  return options.subsets != nullptr || options.slow_start || options.active_request_bias ||
         options.full_scan || options.zone_routing || options.override_sources ||
         options.client_weighting || options.override_health;
}

}  // namespace

void compile_balancer(const Cluster& cluster, const ClusterDefaults& defaults,
                      CompileEnvironment& environment, config::Cluster& out, FieldErrors& errors) {
  bool of_requests = out.discovery == config::Cluster::Discovery::dynamic_forward_proxy;
  if (out.original_dst || of_requests) return compile_provided(cluster, out, errors);
  config::BalancerOptions options;
  ZoneAware zones;
  if (cluster.has_load_balancing_policy()) {
    PolicyCompiler compiler(false, out, options, errors);
    compiler.compile(cluster.load_balancing_policy());
    zones = compiler.zones();
  } else {
    const auto& common = cluster.common_lb_config();
    out.locality_weighted = common.has_locality_weighted_lb_config();
    out.fail_traffic_on_panic = common.zone_aware_lb_config().fail_traffic_on_panic();
    zones = newer(common.zone_aware_lb_config());
    compile_by_name(cluster, out, options, errors);
    compile_old_subsets(cluster, options, errors);
  }
  compile_override_status(cluster, options);
  // As in Envoy, also where the cluster does not say a word of it.
  if (!defaults.local_cluster_name.empty() && !out.locality_weighted && !out.hashes())
    options.zone_routing = compile_zones(zones, defaults, environment);
  if (says_something(options))
    out.balancer_options = std::make_shared<const config::BalancerOptions>(std::move(options));
}

}  // namespace outrigger::xds
