#include "proxy/route/weighted.h"

#include <charconv>

#include "proxy/route/hash_policy.h"

namespace outrigger::route {
namespace {

ClusterChoice by_ref(const config::ClusterRef& ref) {
  return {ref.name, ref.slot, nullptr};
}

ClusterChoice by_header(const std::string& header, const http::HeaderMap& headers) {
  return {headers.get(header), config::ClusterRef::kNoSlot, nullptr};
}

// The number in the header, if the route names one and the request has exactly one such header.
uint64_t number_in_header(const config::ForwardAction& action, const RouteInput& input) {
  if (input.headers.count(action.weight_header) != 1) return input.random;
  std::string_view text = input.headers.get(action.weight_header);
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : input.random;
}

uint64_t number_by_hash(const config::ForwardAction& action, const RouteInput& input) {
  if (input.info == nullptr || input.info->connection == nullptr) return input.random;
  const StreamInfo& info = *input.info;
  const FilterState* state = info.extras == nullptr ? nullptr : &info.extras->filter_state;
  HashSource source{input.headers, info.downstream_remote, info.connection->remote,
                    info.connection->local, state};
  source.make_cookies = false;
  return hash_request(action.hash_policies, source, input.scratch).value.value_or(input.random);
}

uint64_t chosen_number(const config::ForwardAction& action, const RouteInput& input) {
  if (!action.weight_header.empty()) return number_in_header(action, input);
  return action.weight_by_hash ? number_by_hash(action, input) : input.random;
}

// As the runtime has them now.
struct Weights {
  const config::ForwardAction& action;
  const FractionSource* runtime;  // nullptr: as configured

  uint32_t of(const config::WeightedCluster& cluster) const {
    if (runtime == nullptr) return cluster.weight;
    return static_cast<uint32_t>(runtime->number(cluster.runtime_key, cluster.weight));
  }
  uint64_t total() const {
    if (runtime == nullptr) return action.total_weight;
    uint64_t sum = 0;
    for (const config::WeightedCluster& cluster : action.weighted) sum += of(cluster);
    return sum;
  }
};

}  // namespace

ClusterChoice choose_cluster(const config::ForwardAction& action, const RouteInput& input) {
  if (!action.cluster_header.empty()) return by_header(action.cluster_header, input.headers);
  if (action.weighted.empty()) return by_ref(action.cluster);
  Weights weights{action, action.weights_in_runtime ? input.fractions : nullptr};
  uint64_t total = weights.total();
  if (total == 0) return {};
  uint64_t number = chosen_number(action, input) % total;
  for (const config::WeightedCluster& cluster : action.weighted) {
    uint32_t weight = weights.of(cluster);
    if (number >= weight) {
      number -= weight;
      continue;
    }
    ClusterChoice choice = cluster.cluster_header.empty()
                               ? by_ref(cluster.cluster)
                               : by_header(cluster.cluster_header, input.headers);
    choice.weighted = &cluster;
    return choice;
  }
  return {};
}

ClusterChoice choose_cluster(const config::MirrorPolicy& mirror, const http::HeaderMap& headers) {
  return mirror.cluster_header.empty() ? by_ref(mirror.cluster)
                                       : by_header(mirror.cluster_header, headers);
}

}  // namespace outrigger::route
