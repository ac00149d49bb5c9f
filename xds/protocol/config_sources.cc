#include "xds/protocol/config_sources.h"

#include <utility>

#include "fmt/format.h"

#include "api/stats_xds.h"
#include "xds/compile_environment.h"
#include "xds/compile_grpc_service.h"
#include "xds/field_errors.h"
#include "xds/protocol/config_source_check.h"
#include "xds/protocol/file_topic.h"
#include "xds/protocol/multiplexer.h"
#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::ConfigSource;

// Message types of one text each, for maps; protobuf writes equal messages
// without maps equally.
std::string key_of(const google::protobuf::Message& message, std::string_view type_url) {
  return fmt::format("{} {}", type_url, message.SerializeAsString());
}

absl::Status field_error(std::string_view field, std::string_view problem) {
  FieldErrors errors;
  errors.add(field, problem);
  return errors.status();
}

}  // namespace

ConfigSources::ConfigSources(ConfigSourcesParts parts)
    : parts_(std::move(parts)),
      context_(std::make_unique<ProtocolContext>(parts_.clock, parts_.ledger, parts_.log)) {}

ConfigSources::~ConfigSources() = default;

void ConfigSources::set_node(envoy::config::core::v3::Node node) {
  node_ = std::move(node);
}

absl::Status ConfigSources::set_ads(const ApiConfigSource& source) {
  if (absl::Status status = check_api_config_source(source); !status.ok()) return status;
  auto ads = make_multiplexer(source, is_delta(source) ? kAdsDeltaMethod : kAdsSotwMethod, "");
  if (!ads.ok()) return ads.status();
  ads_ = *std::move(ads);
  ads_delta_ = is_delta(source);
  return absl::OkStatus();
}

void ConfigSources::start() {
  if (std::exchange(started_, true)) return;
  for (const auto& [key, stream] : streams_) stream->start();
}

void ConfigSources::start_ads() {
  if (ads_ != nullptr) ads_->start();
}

absl::StatusOr<std::unique_ptr<Subscription>> ConfigSources::subscribe(
    const ConfigSource& source, SubscriptionRequest request, SubscriptionHandler& handler) {
  if (absl::Status status = check_config_source(source); !status.ok()) return status;
  auto topic = topic_of(source, request);
  if (!topic.ok()) return topic.status();
  // What a file says is there at once, or not at all.
  auto timeout = path_of(source).empty() ? fetch_timeout_of(source) : std::chrono::milliseconds(0);
  return (*topic)->subscribe(std::move(request), handler, timeout);
}

absl::Status ConfigSources::check_incremental(const ConfigSource& source,
                                              std::string_view type_url) {
  if (absl::Status status = check_config_source(source); !status.ok()) return status;
  constexpr std::string_view kProblem =
      "only incremental xDS (DELTA_GRPC) can be asked for one resource after the other";
  if (!path_of(source).empty())
    return field_error(source.has_path_config_source() ? "path_config_source" : "path", kProblem);
  if (source.has_api_config_source()) {
    if (is_delta(source.api_config_source()) && find_resource_type(type_url) != nullptr)
      return absl::OkStatus();
    return field_error("api_config_source.api_type", kProblem);
  }
  if (absl::Status status = ads_topic(type_url).status(); !status.ok()) return status;
  return ads_delta_ ? absl::OkStatus() : field_error("ads", kProblem);
}

absl::StatusOr<Topic*> ConfigSources::topic_of(const ConfigSource& source,
                                               const SubscriptionRequest& request) {
  if (!path_of(source).empty()) return &file_topic(source, request.type_url);
  if (!source.has_api_config_source()) return ads_topic(request.type_url);
  auto topic = stream_topic(source.api_config_source(), request);
  if (topic.ok()) return topic;
  FieldErrors errors;
  errors.add_nested("api_config_source", topic.status());
  return errors.status();
}

absl::StatusOr<Topic*> ConfigSources::ads_topic(std::string_view type_url) {
  if (ads_ == nullptr)
    return field_error("ads", "there is no dynamic_resources.ads_config in the bootstrap");
  return &ads_->topic(type_url, paused_.contains(type_url));
}

absl::StatusOr<Topic*> ConfigSources::stream_topic(const ApiConfigSource& source,
                                                   const SubscriptionRequest& request) {
  const ResourceType* type = find_resource_type(request.type_url);
  std::string_view method;
  if (type != nullptr) method = is_delta(source) ? type->delta_method : type->sotw_method;
  if (method.empty()) {
    return field_error("api_type",
                       fmt::format("{} has no discovery service of this kind", request.type_url));
  }
  forget_unused();
  auto& place = streams_[key_of(source, request.type_url)];
  if (place == nullptr) {
    std::string prefix = request.stats == nullptr ? "" : std::string(request.stats->prefix());
    auto made = make_multiplexer(source, method, prefix);
    if (!made.ok()) {
      streams_.erase(key_of(source, request.type_url));
      return made.status();
    }
    place = *std::move(made);
    if (started_) place->start();
  }
  return &place->topic(request.type_url, false);
}

absl::StatusOr<std::unique_ptr<Multiplexer>> ConfigSources::make_multiplexer(
    const ApiConfigSource& source, std::string_view method, const std::string& stat_prefix) {
  FieldErrors errors;
  MultiplexerOptions options;
  options.stream.service = errors.take_nested(
      "grpc_services[0]", compile_grpc_service(source.grpc_services(0), parts_.environment));
  if (!errors.empty()) return errors.status();
  options.stream.method = std::string(method);
  options.delta = is_delta(source);
  options.node_on_first_message_only = source.set_node_on_first_message_only();
  options.rate_limit = rate_limit_of(source);
  options.stats = parts_.environment.stats.scope<ControlPlaneStats>(stat_prefix + "control_plane.");
  return std::make_unique<Multiplexer>(std::move(options), node_, parts_.clients, *context_);
}

Topic& ConfigSources::file_topic(const ConfigSource& source, std::string_view type_url) {
  ConfigSource place;  // what makes it another file
  *place.mutable_path_config_source() = source.path_config_source();
  place.mutable_path_config_source()->set_path(path_of(source));
  auto& topic = files_[key_of(place, type_url)];
  if (topic == nullptr) {
    topic = std::make_unique<FileTopic>(
        FileTopicOptions{path_of(source), source.path_config_source().watched_directory().path(),
                         std::string(type_url)},
        parts_.files, *context_);
  }
  return topic->topic();
}

// Streams and files that nobody subscribes to any more. Not while somebody
// leaves: whoever leaves may come again in the same turn, and the topic has to
// outlive them.
void ConfigSources::forget_unused() {
  std::erase_if(streams_,
                [](const auto& one) { return one.second != nullptr && one.second->unused(); });
  std::erase_if(files_, [](const auto& one) { return one.second->topic().unused(); });
}

void ConfigSources::pause(std::string_view type_url) {
  auto at = paused_.find(type_url);
  if (at == paused_.end()) at = paused_.emplace(std::string(type_url), 0).first;
  if (at->second++ > 0 || ads_ == nullptr) return;
  if (Topic* topic = ads_->find(type_url)) topic->set_paused(true);
}

void ConfigSources::resume(std::string_view type_url) {
  auto at = paused_.find(type_url);
  if (at == paused_.end() || --at->second > 0) return;
  paused_.erase(at);
  if (ads_ == nullptr) return;
  if (Topic* topic = ads_->find(type_url)) topic->set_paused(false);
}

}  // namespace outrigger::xds
