// lb_subset_config of a cluster, and the policy of load_balancing_policy that says the same.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_metadata.h"

namespace outrigger::xds {
namespace {

using config::SubsetFallback;
using envoy::config::cluster::v3::Cluster;
using envoy::extensions::load_balancing_policies::subset::v3::Subset;

std::vector<std::string> sorted(const google::protobuf::RepeatedPtrField<std::string>& keys) {
  std::vector<std::string> out(keys.begin(), keys.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// The values of both messages' enumerations are the same.
SubsetFallback compile_fallback(int policy) {
  switch (policy) {
    case Cluster::LbSubsetConfig::ANY_ENDPOINT:
      return SubsetFallback::any_endpoint;
    case Cluster::LbSubsetConfig::DEFAULT_SUBSET:
      return SubsetFallback::default_subset;
    default:
      return SubsetFallback::none;
  }
}

SubsetFallback compile_selector_fallback(int policy) {
  using Selector = Cluster::LbSubsetConfig::LbSubsetSelector;
  switch (policy) {
    case Selector::NO_FALLBACK:
      return SubsetFallback::none;
    case Selector::ANY_ENDPOINT:
      return SubsetFallback::any_endpoint;
    case Selector::DEFAULT_SUBSET:
      return SubsetFallback::default_subset;
    case Selector::KEYS_SUBSET:
      return SubsetFallback::keys_subset;
    default:
      return SubsetFallback::not_defined;
  }
}

// Fewer keys than the selector has, so that one fallback after the other comes to an end.
void check_fallback_keys(const config::SubsetSelector& selector, const std::string& field,
                         FieldErrors& errors) {
  const auto& fewer = selector.fallback_keys;
  std::string at = field + ".fallback_keys_subset";
  if (selector.fallback != SubsetFallback::keys_subset) {
    if (!fewer.empty()) errors.add(at, "is for the fallback_policy KEYS_SUBSET only");
  } else if (fewer.empty()) {
    errors.add(at, "must not be empty");
  } else if (!std::includes(selector.keys.begin(), selector.keys.end(), fewer.begin(),
                            fewer.end())) {
    errors.add(at, "must be some of the selector's keys");
  } else if (fewer.size() == selector.keys.size()) {
    errors.add(at, "must not be all of the selector's keys");
  }
}

template <class Message>
void compile_selectors(const Message& message, const std::string& field, FieldErrors& errors,
                       config::SubsetBalancing& out) {
  for (int i = 0; i < message.subset_selectors_size(); ++i) {
    const auto& from = message.subset_selectors(i);
    config::SubsetSelector selector;
    selector.keys = sorted(from.keys());
    if (selector.keys.empty()) continue;
    selector.single_host = from.single_host_per_subset();
    selector.fallback = compile_selector_fallback(from.fallback_policy());
    selector.fallback_keys = sorted(from.fallback_keys_subset());
    check_fallback_keys(selector, field + "." + indexed("subset_selectors", i), errors);
    bool repeated = std::any_of(out.selectors.begin(), out.selectors.end(),
                                [&](const auto& earlier) { return earlier.keys == selector.keys; });
    if (!repeated) out.selectors.push_back(std::move(selector));
  }
}

template <class Message>
std::shared_ptr<config::SubsetBalancing> compile_common(const Message& message,
                                                        const std::string& field,
                                                        FieldErrors& errors) {
  auto out = std::make_shared<config::SubsetBalancing>();
  out->fallback = compile_fallback(message.fallback_policy());
  for (const auto& [key, value] : message.default_subset().fields())
    out->default_subset.emplace_back(key, compile_value(value));
  std::sort(out->default_subset.begin(), out->default_subset.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  compile_selectors(message, field, errors, *out);
  out->locality_weight_aware = message.locality_weight_aware();
  out->scale_locality_weight = message.scale_locality_weight();
  out->panic_mode_any = message.panic_mode_any();
  out->list_as_any = message.list_as_any();
  out->fallback_list = message.metadata_fallback_policy() == Message::FALLBACK_LIST;
  return out;
}

}  // namespace

std::shared_ptr<const config::SubsetBalancing> compile_subsets(
    const Cluster::LbSubsetConfig& message, FieldErrors& errors) {
  return compile_common(message, "lb_subset_config", errors);
}

std::shared_ptr<const config::SubsetBalancing> compile_subsets(const Subset& message,
                                                               FieldErrors& errors) {
  auto out = compile_common(message, "load_balancing_policy", errors);
  out->allow_redundant_keys = message.allow_redundant_keys();
  // Of those whose keys a request has, the one with most keys is asked first.
  if (out->allow_redundant_keys) {
    std::stable_sort(out->selectors.begin(), out->selectors.end(),
                     [](const auto& a, const auto& b) { return a.keys.size() > b.keys.size(); });
  }
  return out;
}

}  // namespace outrigger::xds
