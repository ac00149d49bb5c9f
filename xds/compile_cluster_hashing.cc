#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/load_balancing_policies/common/v3/common.pb.h"
#include "envoy/extensions/load_balancing_policies/maglev/v3/maglev.pb.h"
#include "envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.pb.h"

#include "api/config/route.h"
#include "xds/compile_cluster_parts.h"
#include "xds/compile_route_parts.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Balancer = config::Cluster::Balancer;
using envoy::config::cluster::v3::Cluster;
using envoy::extensions::load_balancing_policies::maglev::v3::Maglev;
using envoy::extensions::load_balancing_policies::ring_hash::v3::RingHash;

bool is_prime(uint64_t number) {
  if (number < 2) return false;
  for (uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

// Of a table that is not prime, some hosts would never meet a free entry.
void check(const config::HashBalancing& out, Balancer balancer, std::string_view field,
           FieldErrors& errors) {
  if (balancer == Balancer::maglev && !is_prime(out.table_size))
    errors.add(std::string(field) + ".table_size",
               fmt::format("must be a prime number (is {})", out.table_size));
  if (balancer == Balancer::ring_hash && out.minimum_ring_size > out.maximum_ring_size)
    errors.add(std::string(field) + ".minimum_ring_size",
               fmt::format("{} is above maximum_ring_size, which is {}", out.minimum_ring_size,
                           out.maximum_ring_size));
}

template <class Message>
void compile_ring_sizes(const Message& from, config::HashBalancing& out) {
  if (from.has_minimum_ring_size()) out.minimum_ring_size = from.minimum_ring_size().value();
  if (from.has_maximum_ring_size()) out.maximum_ring_size = from.maximum_ring_size().value();
}

using envoy::extensions::load_balancing_policies::common::v3::ConsistentHashingLbConfig;

// Where the policy itself says what a request's hash is made of, routes are not asked.
void compile_own_hash(const ConsistentHashingLbConfig& common, config::Cluster& out,
                      FieldErrors& errors) {
  if (common.hash_policy().empty()) return;
  FieldErrors inner;
  auto policies = std::make_shared<config::ClusterHttpPolicies>();
  policies->hash_policies = compile_hash_policies(common.hash_policy(), inner);
  if (!inner.empty())
    errors.add_nested("load_balancing_policy.consistent_hashing_lb_config", inner.status());
  out.http_policies = std::move(policies);
}

}  // namespace

void compile_hashing(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  auto hashing = std::make_shared<config::HashBalancing>();
  hashing->by_hostname =
      cluster.common_lb_config().consistent_hashing_lb_config().use_hostname_for_hashing();
  hashing->balance_percent =
      cluster.common_lb_config().consistent_hashing_lb_config().hash_balance_factor().value();
  const auto& ring = cluster.ring_hash_lb_config();
  compile_ring_sizes(ring, *hashing);
  hashing->murmur = ring.hash_function() == Cluster::RingHashLbConfig::MURMUR_HASH_2;
  if (cluster.maglev_lb_config().has_table_size())
    hashing->table_size = cluster.maglev_lb_config().table_size().value();
  bool maglev = out.balancer == Balancer::maglev;
  check(*hashing, out.balancer, maglev ? "maglev_lb_config" : "ring_hash_lb_config", errors);
  out.hashing = std::move(hashing);
}

bool compile_hashing_policy(const google::protobuf::Any& policy, config::Cluster& out,
                            FieldErrors& errors) {
  auto hashing = std::make_shared<config::HashBalancing>();
  RingHash ring;
  Maglev maglev;
  if (is_type(policy, RingHash::descriptor()->full_name()) && policy.UnpackTo(&ring)) {
    out.balancer = Balancer::ring_hash;
    compile_ring_sizes(ring, *hashing);
    hashing->murmur = ring.hash_function() == RingHash::MURMUR_HASH_2;
    // Either these two fields or the message that took their place.
    const auto& common = ring.consistent_hashing_lb_config();
    bool newer = ring.has_consistent_hashing_lb_config();
    hashing->by_hostname =
        newer ? common.use_hostname_for_hashing() : ring.use_hostname_for_hashing();
    hashing->balance_percent =
        (newer ? common.hash_balance_factor() : ring.hash_balance_factor()).value();
    out.locality_weighted = ring.has_locality_weighted_lb_config();
  } else if (is_type(policy, Maglev::descriptor()->full_name()) && policy.UnpackTo(&maglev)) {
    out.balancer = Balancer::maglev;
    if (maglev.has_table_size()) hashing->table_size = maglev.table_size().value();
    const auto& common = maglev.consistent_hashing_lb_config();
    hashing->by_hostname = common.use_hostname_for_hashing();
    hashing->balance_percent = common.hash_balance_factor().value();
    out.locality_weighted = maglev.has_locality_weighted_lb_config();
  } else {
    return false;
  }
  compile_own_hash(out.balancer == Balancer::maglev ? maglev.consistent_hashing_lb_config()
                                                    : ring.consistent_hashing_lb_config(),
                   out, errors);
  check(*hashing, out.balancer, "load_balancing_policy", errors);
  out.hashing = std::move(hashing);
  return true;
}

}  // namespace outrigger::xds
