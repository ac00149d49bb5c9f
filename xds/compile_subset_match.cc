#include "xds/compile_subset_match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "xds/compile_metadata.h"

namespace outrigger::xds {

config::MetadataMatchCriteria compile_subset_match(const envoy::config::core::v3::Metadata& match) {
  config::MetadataMatchCriteria out;
  add_subset_match(match, out);
  return out;
}

void add_subset_match(const envoy::config::core::v3::Metadata& match,
                      config::MetadataMatchCriteria& criteria) {
  auto found = match.filter_metadata().find("envoy.lb");
  if (found == match.filter_metadata().end()) return;
  for (const auto& [key, value] : found->second.fields()) {
    auto at = std::lower_bound(
        criteria.begin(), criteria.end(), key,
        [](const auto& entry, const std::string& wanted) { return entry.first < wanted; });
    if (at == criteria.end() || at->first != key) at = criteria.insert(at, {key, MetadataValue()});
    at->second = compile_value(value);
  }
}

}  // namespace outrigger::xds
