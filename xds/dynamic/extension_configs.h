// ExtensionConfigs: configurations of HTTP filters that a management server or a file gives (ECDS).
// Equal names from equal sources are one slot and one subscription; a new version is put into the
// slot for the streams that begin after it. A bad version is refused by name, the last good one or
// the default stays in force. Thread: main; slots are let go of on any thread. Lifetime: the
// process's; its parts outlive it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "xds/compile_environment.h"
#include "xds/dynamic_sources.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"

namespace outrigger::xds {

struct ExtensionConfigsParts {
  SubscriptionFactory& subscriptions;
  ResourceReader& reader;
  CompileEnvironment& environment;
  Ledger& ledger;
};

class ExtensionConfigs {
 public:
  static constexpr std::string_view kTypeUrl =
      "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

  explicit ExtensionConfigs(ExtensionConfigsParts parts);
  ~ExtensionConfigs();
  ExtensionConfigs(const ExtensionConfigs&) = delete;
  ExtensionConfigs& operator=(const ExtensionConfigs&) = delete;

  // DynamicSources::http_filter
  absl::StatusOr<DynamicSources::FilterSlotPtr> http_filter(
      const std::string& filter_name, const envoy::config::core::v3::ExtensionConfigSource& source,
      const std::string& stat_prefix, CompileEnvironment& environment);
  // Ends the subscriptions that nobody's filter needs any more; called now and then.
  void sweep();
  size_t size() const { return configs_.size(); }

 private:
  class Config;

  ExtensionConfigsParts parts_;
  absl::flat_hash_map<std::string, std::unique_ptr<Config>> configs_;
};

}  // namespace outrigger::xds
