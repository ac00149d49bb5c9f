#include "proxy/route/weighted.h"

#include <charconv>

namespace outrigger::route {
namespace {

ClusterChoice by_ref(const config::ClusterRef& ref) {
  return {ref.name, ref.slot, nullptr};
}

ClusterChoice by_header(const std::string& header, const http::HeaderMap& headers) {
  return {headers.get(header), config::ClusterRef::kNoSlot, nullptr};
}

// The number in the header, if the route names one and the request has exactly one such header.
uint64_t chosen_number(const config::ForwardAction& action, const http::HeaderMap& headers,
                       uint64_t random) {
  if (action.weight_header.empty() || headers.count(action.weight_header) != 1) return random;
  std::string_view text = headers.get(action.weight_header);
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : random;
}

}  // namespace

ClusterChoice choose_cluster(const config::ForwardAction& action, const http::HeaderMap& headers,
                             uint64_t random) {
  if (!action.cluster_header.empty()) return by_header(action.cluster_header, headers);
  if (action.weighted.empty()) return by_ref(action.cluster);
  uint64_t number = chosen_number(action, headers, random) % action.total_weight;
  for (const config::WeightedCluster& cluster : action.weighted) {
    if (number >= cluster.weight) {
      number -= cluster.weight;
      continue;
    }
    ClusterChoice choice = cluster.cluster_header.empty()
                               ? by_ref(cluster.cluster)
                               : by_header(cluster.cluster_header, headers);
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
