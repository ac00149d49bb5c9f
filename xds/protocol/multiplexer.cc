#include "xds/protocol/multiplexer.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

#include "xds/protocol/nack.h"

namespace outrigger::xds {

// A server may send types that nobody asked for; their names are its own to choose.
constexpr size_t kMaxIgnoredTypes = 32;

Multiplexer::Channel::Channel(Multiplexer& owner, std::string_view type_url)
    : topic({std::string(type_url), !owner.options_.delta},
            owner.options_.delta ? make_delta_session(std::string(type_url))
                                 : make_sotw_session(std::string(type_url)),
            owner.context_, owner) {}

Multiplexer::Multiplexer(MultiplexerOptions options, const envoy::config::core::v3::Node& node,
                         grpc::ClientFactory& clients, ProtocolContext& context)
    : options_(std::move(options)),
      node_(node),
      context_(context),
      stream_(options_.stream, clients, context, *this) {
  if (options_.rate_limit) {
    bucket_.emplace(options_.rate_limit->max_tokens, options_.rate_limit->fill_rate,
                    context.clock.now());
  }
  if (ControlPlaneStats* to = stats()) {
    to->connected_state.set(0);
    to->pending_requests.set(0);
  }
}

Multiplexer::~Multiplexer() = default;

void Multiplexer::start() {
  stream_.open();
}

Topic& Multiplexer::topic(std::string_view type_url, bool paused) {
  if (Channel* known = channel_of(type_url)) return known->topic;
  channels_.push_back(std::make_unique<Channel>(*this, type_url));
  by_type_.emplace(std::string(type_url), channels_.back().get());
  channels_.back()->topic.set_paused(paused);
  return channels_.back()->topic;
}

Topic* Multiplexer::find(std::string_view type_url) {
  Channel* channel = channel_of(type_url);
  return channel == nullptr ? nullptr : &channel->topic;
}

bool Multiplexer::unused() const {
  return std::all_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->topic.unused(); });
}

Multiplexer::Channel* Multiplexer::channel_of(std::string_view type_url) {
  auto at = by_type_.find(absl::string_view(type_url.data(), type_url.size()));
  return at == by_type_.end() ? nullptr : at->second;
}

void Multiplexer::request_due(Topic& topic) {
  // While its constructor runs it is not among the others yet.
  Channel* channel = channel_of(topic.type_url());
  if (channel == nullptr) return;
  channel->names_due = true;
  send_later();
}

void Multiplexer::worked_off(Topic& topic, Acknowledgement with, uint64_t stream) {
  // The nonce of a stream that is gone means nothing to the next.
  if (stream != stream_number_ || !stream_.is_open()) return;
  Channel* channel = channel_of(topic.type_url());
  if (channel->acknowledgements.size() >= kMaxWaitingResponses)
    return stream_.give_up("the server answers faster than the rate limit lets us acknowledge");
  channel->acknowledgements.push_back(std::move(with));
  enqueue(*channel);
  send_all();
}

void Multiplexer::on_stream_open() {
  ++stream_number_;
  node_told_ = false;
  if (ControlPlaneStats* to = stats()) to->connected_state.set(1);
  for (const auto& channel : channels_) {
    channel->topic.stream_opened();
    channel->names_due = true;
  }
  send_later();
}

void Multiplexer::on_stream_message(std::string message) {
  auto answer = options_.delta ? read_delta_answer(message) : read_sotw_answer(message);
  if (!answer.ok()) return stream_.give_up(std::string(answer.status().message()));
  if (ControlPlaneStats* to = stats(); to != nullptr && !answer->server.empty())
    to->identifier.set(answer->server);
  Channel* channel = channel_of(answer->type_url);
  if (channel == nullptr) {
    if (ignored_types_.size() < kMaxIgnoredTypes && ignored_types_.insert(answer->type_url).second)
      context_.log(fmt::format("resources of type '{}' are ignored: nobody asked for them",
                               as_utf8(answer->type_url)));
    return;
  }
  if (!channel->topic.take(*std::move(answer), stream_number_))
    stream_.give_up("the server sends more than it waits for answers to");
}

void Multiplexer::on_stream_closed() {
  queue_.clear();
  refill_.reset();
  for (const auto& channel : channels_) {
    channel->acknowledgements.clear();
    channel->queued = false;
    channel->topic.stream_closed();
    channel->topic.count_failure();
  }
  if (ControlPlaneStats* to = stats()) {
    to->connected_state.set(0);
    to->pending_requests.set(0);
  }
}

// Many names may change in one turn: they are one request.
void Multiplexer::send_later() {
  if (turn_ != nullptr || !stream_.is_open()) return;
  turn_ = context_.clock.after(std::chrono::milliseconds(0), [this] {
    turn_.reset();
    if (!stream_.is_open()) return;
    for (const auto& channel : channels_) {
      if (channel->names_due && !channel->topic.paused()) enqueue(*channel);
    }
    send_all();
  });
}

void Multiplexer::enqueue(Channel& channel) {
  if (std::exchange(channel.queued, true)) return;
  queue_.push_back(&channel);
}

std::string Multiplexer::next_message(Channel& channel) {
  bool with_node = !(options_.node_on_first_message_only && node_told_);
  const auto* node = with_node ? &node_ : nullptr;
  std::string message;
  if (!channel.acknowledgements.empty()) {
    Acknowledgement with = std::move(channel.acknowledgements.front());
    channel.acknowledgements.pop_front();
    message = channel.topic.acknowledge(with, node);
  } else if (channel.names_due && !channel.topic.paused()) {
    channel.names_due = false;
    message = channel.topic.request(node);
  }
  node_told_ = node_told_ || !message.empty();
  return message;
}

void Multiplexer::send_all() {
  while (!queue_.empty() && stream_.is_open() && may_send()) {
    Channel& channel = *queue_.front();
    queue_.pop_front();
    channel.queued = false;
    std::string message = next_message(channel);
    if (!channel.acknowledgements.empty() || (channel.names_due && !channel.topic.paused()))
      enqueue(channel);
    if (!message.empty()) stream_.send(std::move(message));
  }
  count_pending();
}

bool Multiplexer::may_send() {
  if (!bucket_ || bucket_->take(context_.clock.now())) return true;
  if (refill_ != nullptr) return false;
  if (ControlPlaneStats* to = stats()) to->rate_limit_enforced.inc();
  refill_ = context_.clock.after(bucket_->wait(), [this] {
    refill_.reset();
    send_all();
  });
  return false;
}

void Multiplexer::count_pending() {
  if (!bucket_) return;
  if (ControlPlaneStats* to = stats())
    to->pending_requests.set(static_cast<int64_t>(queue_.size()));
}

ControlPlaneStats* Multiplexer::stats() {
  if (options_.stats == nullptr) return nullptr;
  return &options_.stats->local<ControlPlaneStats>(StatsScope::kMainThread);
}

}  // namespace outrigger::xds
