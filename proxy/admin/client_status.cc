#include "proxy/admin/client_status.h"

#include "envoy/service/status/v3/csds.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/redact.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using envoy::service::status::v3::ClientConfig;
using envoy::service::status::v3::ClientStatusRequest;
using envoy::service::status::v3::ClientStatusResponse;
using GenericXdsConfig = ClientConfig::GenericXdsConfig;

envoy::admin::v3::ClientResourceStatus status_of(const ResourceStatus& resource) {
  if (resource.rejected) return envoy::admin::v3::NACKED;
  if (resource.active || resource.warming) return envoy::admin::v3::ACKED;
  return resource.does_not_exist ? envoy::admin::v3::DOES_NOT_EXIST : envoy::admin::v3::REQUESTED;
}

// The deprecated twin of client_status, which tools still read.
envoy::service::status::v3::ConfigStatus config_status_of(const ResourceStatus& resource) {
  if (resource.rejected) return envoy::service::status::v3::ERROR;
  return resource.active ? envoy::service::status::v3::SYNCED
                         : envoy::service::status::v3::NOT_SENT;
}

void put_failure(const ResourceStatus& resource, bool contents, GenericXdsConfig& entry) {
  auto& failure = *entry.mutable_error_state();
  if (contents) *failure.mutable_failed_configuration() = resource.rejected->any();
  *failure.mutable_last_update_attempt() = to_timestamp(resource.rejected->at);
  failure.set_details(std::string(resource.rejected_because));
  failure.set_version_info(std::string(resource.rejected->version));
}

void put(const std::string& type_url, const ResourceStatus& resource, bool contents,
         GenericXdsConfig& entry) {
  entry.set_type_url(type_url);
  entry.set_name(std::string(resource.name));
  entry.set_client_status(status_of(resource));
  entry.set_config_status(config_status_of(resource));
  // What waits is newer than what is in force, and what the management server asks after.
  const auto& version = resource.warming ? resource.warming : resource.active;
  if (version) {
    entry.set_version_info(std::string(version->version));
    *entry.mutable_last_updated() = to_timestamp(version->at);
    if (contents) *entry.mutable_xds_config() = version->any();
  }
  if (resource.rejected) put_failure(resource, contents, entry);
}

}  // namespace

absl::StatusOr<std::string> client_status(std::string_view octets, ServerView& view) {
  ClientStatusRequest request;
  if (!request.ParseFromArray(octets.data(), static_cast<int>(octets.size())))
    return absl::InvalidArgumentError("the message is no ClientStatusRequest");
  if (request.node_matchers_size() > 0) {
    return absl::InvalidArgumentError(
        "node_matchers are not supported: this is the status of one proxy, its own");
  }
  bool contents = !request.exclude_resource_contents();
  ClientStatusResponse response;
  ClientConfig& config = *response.add_config();
  *config.mutable_node() = view.bootstrap_proto().node();
  for (const std::string& type_url : view.resource_types()) {
    ResourceTypeStatus type = view.resources(type_url);
    for (const ResourceStatus& resource : type.resources)
      put(type_url, resource, contents, *config.add_generic_xds_configs());
  }
  redact(response, UnknownTypes::keep);
  return response.SerializeAsString();
}

}  // namespace outrigger::admin
