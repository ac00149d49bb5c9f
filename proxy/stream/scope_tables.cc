#include "proxy/stream/scope_tables.h"

#include "proxy/route/scope_key.h"

namespace outrigger::stream {

std::shared_ptr<const config::RouteTable> ScopeTables::find(const http::HeaderMap& headers) {
  const auto& table = table_.get();
  if (table.get() != seen_) {
    readers_.clear();
    seen_ = table.get();
  }
  if (table == nullptr) return nullptr;
  auto key = route::make_scope_key(*scopes_, headers);
  if (!key) return nullptr;
  auto scope = table->scopes.find(*key);
  if (scope == table->scopes.end()) return nullptr;
  auto& reader = readers_[scope->second.get()];
  if (reader == nullptr)
    reader = std::make_unique<config::SlotReader<config::RouteTable>>(scope->second);
  return reader->get();
}

}  // namespace outrigger::stream
