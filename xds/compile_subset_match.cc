#include "xds/compile_subset_match.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "xds/compile_metadata.h"

namespace outrigger::xds {

config::MetadataMatchCriteriaPtr compile_subset_match(
    const envoy::config::core::v3::Metadata& match,
    const config::MetadataMatchCriteriaPtr& of_level_above) {
  auto found = match.filter_metadata().find("envoy.lb");
  if (found == match.filter_metadata().end() || found->second.fields().empty())
    return of_level_above;
  config::MetadataMatchCriteria::Values values;
  if (of_level_above != nullptr) values = of_level_above->values();
  for (const auto& [key, value] : found->second.fields()) {
    auto at = std::lower_bound(
        values.begin(), values.end(), key,
        [](const auto& entry, const std::string& wanted) { return entry.first < wanted; });
    if (at == values.end() || at->first != key) at = values.insert(at, {key, MetadataValue()});
    at->second = compile_value(value);
  }
  return std::make_shared<const config::MetadataMatchCriteria>(std::move(values));
}

}  // namespace outrigger::xds
