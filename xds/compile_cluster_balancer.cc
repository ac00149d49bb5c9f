#include "fmt/format.h"

#include "envoy/extensions/load_balancing_policies/least_request/v3/least_request.pb.h"
#include "envoy/extensions/load_balancing_policies/random/v3/random.pb.h"
#include "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

namespace outrigger::xds {
namespace {

using Balancer = config::Cluster::Balancer;
using envoy::config::cluster::v3::Cluster;
using envoy::extensions::load_balancing_policies::least_request::v3::LeastRequest;
using envoy::extensions::load_balancing_policies::random::v3::Random;
using envoy::extensions::load_balancing_policies::round_robin::v3::RoundRobin;

template <class Message>
bool is_a(const google::protobuf::Any& any) {
  return is_type(any, Message::descriptor()->full_name());
}

// The first policy of the list that we have, as Envoy chooses.
void compile_policy_list(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  for (const auto& policy : cluster.load_balancing_policy().policies()) {
    const auto& config = policy.typed_extension_config().typed_config();
    if (compile_hashing_policy(config, out, errors)) return;
    if (is_a<RoundRobin>(config)) {
      out.balancer = Balancer::round_robin;
      return;
    }
    if (is_a<Random>(config)) {
      out.balancer = Balancer::random;
      return;
    }
    LeastRequest least_request;
    if (is_a<LeastRequest>(config) && config.UnpackTo(&least_request)) {
      out.balancer = Balancer::least_request;
      if (least_request.has_choice_count())
        out.least_request_choices = least_request.choice_count().value();
      if (least_request.selection_method() != LeastRequest::N_CHOICES) {
        errors.add("load_balancing_policy",
                   "selection_method FULL_SCAN is not supported by Outrigger");
      }
      return;
    }
  }
  errors.add("load_balancing_policy",
             "names no policy that is supported by Outrigger (round_robin, least_request, random, "
             "ring_hash, maglev)");
}

}  // namespace

void compile_balancer(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  if (out.original_dst) {
    if (cluster.lb_policy() != Cluster::CLUSTER_PROVIDED)
      errors.add("lb_policy", fmt::format("{} is not valid for the type ORIGINAL_DST: only "
                                          "CLUSTER_PROVIDED is",
                                          Cluster::LbPolicy_Name(cluster.lb_policy())));
    return;
  }
  if (cluster.has_load_balancing_policy()) return compile_policy_list(cluster, out, errors);
  switch (cluster.lb_policy()) {
    case Cluster::ROUND_ROBIN:
      out.balancer = Balancer::round_robin;
      break;
    case Cluster::LEAST_REQUEST:
      out.balancer = Balancer::least_request;
      if (cluster.least_request_lb_config().has_choice_count()) {
        out.least_request_choices = cluster.least_request_lb_config().choice_count().value();
      }
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
      // It has no endpoints to choose from.
      if (cluster.cluster_type().name() == "envoy.clusters.dynamic_forward_proxy") break;
      errors.add("lb_policy", "CLUSTER_PROVIDED is for clusters of the type ORIGINAL_DST");
      break;
    default:
      errors.add("lb_policy", fmt::format("{} is not supported by Outrigger",
                                          Cluster::LbPolicy_Name(cluster.lb_policy())));
  }
}

}  // namespace outrigger::xds
