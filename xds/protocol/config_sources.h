// ConfigSources: subscriptions to every kind of config source: the aggregated stream (ads, self),
// streams of one type (api_config_source with GRPC or DELTA_GRPC), files (path_config_source,
// path). Equal sources share a stream or a file. Thread: main. Lifetime: the process's, longer than
// every subscription.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol and
// envoy.config.core.v3.ConfigSource
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"

#include "api/config/cluster_ref.h"
#include "api/grpc/client.h"
#include "api/stats.h"
#include "xds/ledger.h"
#include "xds/protocol/clock.h"
#include "xds/protocol/subscription.h"
#include "xds/tls_secrets.h"

namespace outrigger::xds {

struct CompileEnvironment;
class FileTopic;
class Multiplexer;
class Topic;
struct ProtocolContext;

struct ConfigSourcesParts {
  CompileEnvironment& environment;  // for gRPC services; statistics
  grpc::ClientFactory& clients;
  Clock& clock;
  Ledger& ledger;
  DirectoryWatcher* files = nullptr;  // nullptr: files are read once
  std::function<void(bool warning, const std::string& text)> log = {};
};

class ConfigSources final : public SubscriptionFactory {
 public:
  explicit ConfigSources(ConfigSourcesParts parts);
  ~ConfigSources() override;

  // As requests carry it. Before start().
  void set_node(envoy::config::core::v3::Node node);
  // What of the node is part of the names of collections.
  void set_node_params(ContextParams params) { node_params_ = std::move(params); }
  // dynamic_resources.ads_config. An error opens with the field's path inside of it.
  absl::Status set_ads(const envoy::config::core::v3::ApiConfigSource& source);
  // The clusters of the bootstrap can be asked for streams: those of one type open now, or as soon
  // as somebody subscribes. Files do not wait for it.
  void start();
  // The aggregated stream opens: clusters that it needs are ready.
  void start_ads();

  absl::Status check_incremental(const envoy::config::core::v3::ConfigSource& source,
                                 std::string_view type_url) override;
  absl::StatusOr<std::unique_ptr<Subscription>> subscribe(
      const envoy::config::core::v3::ConfigSource& source, SubscriptionRequest request,
      SubscriptionHandler& handler) override;
  // Of the aggregated stream; calls may be nested.
  void pause(std::string_view type_url) override;
  void resume(std::string_view type_url) override;

 private:
  using ApiConfigSource = envoy::config::core::v3::ApiConfigSource;
  using ConfigSource = envoy::config::core::v3::ConfigSource;

  absl::StatusOr<Topic*> topic_of(const ConfigSource& source, const SubscriptionRequest& request);
  absl::StatusOr<Topic*> ads_topic(std::string_view type_url);
  absl::StatusOr<Topic*> stream_topic(const ApiConfigSource& source,
                                      const SubscriptionRequest& request);
  Topic& file_topic(const ConfigSource& source, std::string_view type_url);
  absl::StatusOr<std::unique_ptr<Multiplexer>> make_multiplexer(const ApiConfigSource& source,
                                                                std::string_view method,
                                                                const std::string& stat_prefix);
  void forget_unused();

  ConfigSourcesParts parts_;
  ContextParams node_params() const override { return node_params_; }

  envoy::config::core::v3::Node node_;
  ContextParams node_params_;
  std::unique_ptr<ProtocolContext> context_;
  std::unique_ptr<Multiplexer> ads_;                             // nullptr: none is configured
  std::map<std::string, std::unique_ptr<Multiplexer>> streams_;  // by source and type
  std::map<std::string, std::unique_ptr<FileTopic>> files_;      // by path and type
  std::map<std::string, unsigned, std::less<>> paused_;          // aggregated types
  bool ads_delta_ = false;
  bool started_ = false;
  std::unique_ptr<Clock::Alarm> sweep_;
};

}  // namespace outrigger::xds
