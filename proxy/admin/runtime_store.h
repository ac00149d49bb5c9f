// RuntimeStore: the runtime's layers (static ones from the bootstrap, the admin layer from
// /runtime_modify) and the snapshot that they add up to. Thread: main; snapshot() from any thread.
// Lifetime: the server's. Later layers win; an empty value in the admin layer removes the override.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "api/config/bootstrap.h"
#include "api/config/runtime_snapshot.h"
#include "api/stats.h"

namespace outrigger::admin {

// Reads a value's text as number, decimal, boolean and FractionalPercent.
config::RuntimeValue read_runtime_value(std::string_view text);

class RuntimeStore {
 public:
  // `stats` nullptr: nothing is counted.
  explicit RuntimeStore(const std::vector<config::Bootstrap::RuntimeLayer>& layers,
                        StatsRegistry* stats = nullptr);

  struct Layer {
    std::string name;
    std::map<std::string, std::string> values;
    bool admin = false;
  };
  const std::vector<Layer>& layers() const { return layers_; }

  const config::RuntimeSnapshotPtr& snapshot() const { return snapshot_; }
  // Calls `tell` with each new snapshot, and now with the present one. One listener: the server,
  // which posts it to its workers.
  using Listener = std::function<void(const config::RuntimeSnapshotPtr&)>;
  void on_change(Listener tell);

  // The values of the layer of that name from now on; does nothing if there is no such layer.
  void set_layer(const config::Bootstrap::RuntimeLayer& values);
  // Overrides in the admin layer. Fails, and changes nothing, if no admin layer is configured.
  absl::Status modify(std::span<const std::pair<std::string, std::string>> overrides);

 private:
  void rebuild();
  void count(size_t keys);

  StatsScopePtr scope_;  // RuntimeStats; nullptr: nothing is counted
  std::vector<Layer> layers_;
  config::RuntimeSnapshotPtr snapshot_;
  Listener tell_;
};

}  // namespace outrigger::admin
