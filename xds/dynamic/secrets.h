// Secrets: TLS secrets that a management server sends (SDS): one subscription for each name and
// config source, shared by all contexts that name it, kept as long as one of them does. A secret
// that cannot be used, alone or by one of its contexts, is rejected; the last good one stays in
// force everywhere. Thread: main. Lifetime: the process's; goes before its TlsSecrets.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "api/stats.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"
#include "xds/tls_secrets.h"

namespace outrigger::xds {

class Secrets final : public SecretSource {
 public:
  // Tells `contexts` that it is there for them.
  Secrets(TlsSecrets& contexts, SubscriptionFactory& sources, ResourceReader& reader,
          StatsRegistry& stats, Ledger& ledger);
  ~Secrets();

  absl::StatusOr<std::shared_ptr<RemoteSecret>> find(const SdsSecretConfig& from) override;

 private:
  class Entry;

  TlsSecrets& contexts_;
  SubscriptionFactory& sources_;
  ResourceReader& reader_;
  StatsRegistry& stats_;
  Ledger& ledger_;
  std::map<std::string, std::weak_ptr<Entry>> entries_;  // by config source and name
};

}  // namespace outrigger::xds
