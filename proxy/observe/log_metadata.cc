#include "proxy/observe/log_metadata.h"

#include <span>

#include "api/config/cluster.h"
#include "api/config/listener.h"
#include "api/config/route.h"

namespace outrigger::observe {
namespace {

using config::LogCommand;
using config::LogMetadata;

template <class Owner>
const Metadata* metadata_of(const Owner* owner) {
  return owner == nullptr ? nullptr : &owner->metadata;
}

const Metadata* source(LogMetadata which, const StreamInfo& info) {
  const DownstreamConnectionInfo* connection = info.connection;
  switch (which) {
    case LogMetadata::dynamic:
      return info.extras == nullptr ? nullptr : &info.extras->metadata;
    case LogMetadata::cluster:
      return metadata_of(info.upstream_cluster);
    case LogMetadata::route:
      return metadata_of(info.route);
    case LogMetadata::upstream_host:
      return metadata_of(info.upstream_endpoint);
    case LogMetadata::listener:
      return connection == nullptr ? nullptr : metadata_of(connection->listener);
    case LogMetadata::filter_chain:
      return connection == nullptr ? nullptr : metadata_of(connection->filter_chain);
    case LogMetadata::virtual_host:
      return metadata_of(info.virtual_host);
  }
  return nullptr;
}

const MetadataValue* find(const LogCommand& command, const StreamInfo& info) {
  if (command.path.empty()) return nullptr;
  std::span<const std::string> path(command.path);
  const std::string& filter = path.front();
  const Metadata* metadata = source(command.metadata, info);
  const MetadataValue* value =
      metadata == nullptr ? nullptr : metadata->find(filter, path.subspan(1));
  if (value != nullptr || command.metadata != LogMetadata::dynamic) return value;
  const ConnectionExtras* extras =
      info.connection == nullptr ? nullptr : info.connection->extras.get();
  return extras == nullptr ? nullptr : extras->metadata.find(filter, path.subspan(1));
}

const std::string* find_state(std::string_view name, const StreamInfo& info) {
  const std::string* value =
      info.extras == nullptr ? nullptr : info.extras->filter_state.find(name);
  if (value != nullptr || info.connection == nullptr) return value;
  return info.connection->find_filter_state(name);
}

}  // namespace

LogValue metadata_value(const LogCommand& command, const StreamInfo& info) {
  const MetadataValue* value = find(command, info);
  if (value == nullptr || std::holds_alternative<std::monostate>(value->get())) return {};
  if (const std::string* text = value->string()) return std::string_view(*text);
  return LogValue(value);
}

LogValue filter_state_value(const LogCommand& command, const StreamInfo& info,
                            LogScratch& scratch) {
  // Upstream connections have none; a text has no fields.
  if (command.upstream || command.alternative == "FIELD") return {};
  const std::string* value = find_state(command.text, info);
  if (value == nullptr) return {};
  if (command.alternative == "PLAIN") return std::string_view(*value);
  scratch.state = MetadataValue(*value);
  return LogValue(&scratch.state);
}

}  // namespace outrigger::observe
