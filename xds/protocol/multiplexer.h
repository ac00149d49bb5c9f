// Multiplexer: the topics of one stream: the aggregated one, or a type's own. Sends what each of
// them has to say, acknowledgements first, as fast as the rate limit allows. Thread: main.
// Lifetime: its source's; longer than the subscriptions.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "envoy/config/core/v3/base.pb.h"

#include "api/stats_xds.h"
#include "xds/protocol/discovery_stream.h"
#include "xds/protocol/protocol_context.h"
#include "xds/protocol/token_bucket.h"
#include "xds/protocol/topic.h"

namespace outrigger::xds {

struct MultiplexerOptions {
  DiscoveryStreamOptions stream;
  bool delta = false;
  bool node_on_first_message_only = false;
  struct RateLimit {
    double max_tokens = 100;
    double fill_rate = 10;  // a second
  };
  std::optional<RateLimit> rate_limit;
  StatsScopePtr stats;  // ControlPlaneStats; nullptr: none are kept
};

class Multiplexer final : private TopicOwner, private DiscoveryStreamOwner {
 public:
  Multiplexer(MultiplexerOptions options, const envoy::config::core::v3::Node& node,
              grpc::ClientFactory& clients, ProtocolContext& context);
  ~Multiplexer();

  // Once; what is subscribed to before it is asked for then.
  void start();
  // The topic of the type, made when it is asked for.
  Topic& topic(std::string_view type_url, bool paused);
  // nullptr: nobody ever asked for the type.
  Topic* find(std::string_view type_url);
  bool unused() const;

 private:
  struct Channel {
    Channel(Multiplexer& owner, std::string_view type_url);
    Topic topic;
    std::deque<Acknowledgement> acknowledgements;
    bool names_due = false;
    bool queued = false;
  };

  // TopicOwner
  void request_due(Topic& topic) override;
  void worked_off(Topic& topic, Acknowledgement with, uint64_t stream) override;
  // DiscoveryStreamOwner
  void on_stream_open() override;
  void on_stream_message(std::string message) override;
  void on_stream_closed() override;

  Channel* channel_of(std::string_view type_url);
  void send_later();
  void send_all();
  void enqueue(Channel& channel);
  // Nothing has to be sent: empty.
  std::string next_message(Channel& channel);
  bool may_send();
  void count_pending();
  ControlPlaneStats* stats();

  const MultiplexerOptions options_;
  const envoy::config::core::v3::Node& node_;
  ProtocolContext& context_;
  std::vector<std::unique_ptr<Channel>> channels_;  // in the order of the first subscription
  absl::flat_hash_map<std::string, Channel*> by_type_;
  std::deque<Channel*> queue_;
  std::optional<TokenBucket> bucket_;
  absl::flat_hash_set<std::string> ignored_types_;  // said already
  DiscoveryStream stream_;
  uint64_t stream_number_ = 0;
  bool node_told_ = false;
  std::unique_ptr<Clock::Alarm> turn_, refill_;
};

}  // namespace outrigger::xds
