#include "xds/dynamic/route_manager.h"

#include <utility>

#include "xds/dynamic/route_table.h"
#include "xds/octets.h"

namespace outrigger::xds {

RouteManager::RouteManager(RouteManagerParts parts) : parts_(std::move(parts)) {}

RouteManager::~RouteManager() = default;

absl::StatusOr<DynamicSources::RouteSlotPtr> RouteManager::routes(const DynamicSources::Rds& rds,
                                                                  const std::string& stat_prefix,
                                                                  InitSet* init) {
  std::string key = octets_of(rds);
  auto found = tables_.find(key);
  std::shared_ptr<DiscoveredTable::Slot> slot =
      found == tables_.end() ? nullptr : found->second->slot();
  if (slot == nullptr) {
    if (found != tables_.end()) tables_.erase(found);
    slot = std::make_shared<DiscoveredTable::Slot>();
    auto fresh =
        std::make_unique<DiscoveredTable>(parts_, rds.route_config_name(), stat_prefix, slot,
                                          [this](std::shared_ptr<const config::RouteTable> last) {
                                            replaced_.push_back(std::move(last));
                                          });
    if (absl::Status status = fresh->subscribe(rds.config_source()); !status.ok()) return status;
    found = tables_.try_emplace(std::move(key), std::move(fresh)).first;
  }
  if (init != nullptr) found->second->wait(*init);
  return DynamicSources::RouteSlotPtr(std::move(slot));
}

void RouteManager::wait(const DynamicSources::Rds& rds, InitSet& init) {
  auto found = tables_.find(octets_of(rds));
  if (found != tables_.end()) found->second->wait(init);
}

void RouteManager::sweep() {
  absl::erase_if(tables_, [](const auto& entry) { return entry.second->slot() == nullptr; });
  std::erase_if(replaced_, [](const auto& table) { return table.use_count() == 1; });
}

}  // namespace outrigger::xds
