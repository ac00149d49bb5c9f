#include "xds/protocol/discovery_stream.h"

#include <utility>

#include "fmt/format.h"

#include "xds/protocol/nack.h"

namespace outrigger::xds {

// One attempt. What comes after its end is for nobody.
class DiscoveryStream::Call final : public grpc::StreamHandler {
 public:
  explicit Call(DiscoveryStream& owner) : owner_(&owner) {}

  void open(grpc::Client& client, std::string_view method) { stream_ = client.open(method, *this); }
  void send(std::string message) {
    if (stream_ != nullptr) stream_->send(std::move(message));
  }
  void detach() { owner_ = nullptr; }

  void on_message(std::string message) override {
    if (owner_ == nullptr) return;
    owner_->backoff_.reset();
    owner_->failures_ = 0;
    owner_->owner_.on_stream_message(std::move(message));
  }
  void on_closed(grpc::Code code, std::string_view message) override {
    if (owner_ != nullptr) owner_->closed(code, message);
  }

 private:
  DiscoveryStream* owner_;
  std::unique_ptr<grpc::Stream> stream_;
};

DiscoveryStream::DiscoveryStream(DiscoveryStreamOptions options, grpc::ClientFactory& clients,
                                 ProtocolContext& context, DiscoveryStreamOwner& owner)
    : options_(std::move(options)),
      clients_(clients),
      context_(context),
      owner_(owner),
      backoff_(options_.service.retry_base.value_or(kBaseWait),
               options_.service.retry_max.value_or(kMaxWait)) {}

DiscoveryStream::~DiscoveryStream() = default;

void DiscoveryStream::open() {
  client_ = clients_.make(options_.service);
  connect();
}

void DiscoveryStream::connect() {
  retry_.reset();
  call_ = std::make_unique<Call>(*this);
  call_->open(*client_, options_.method);
  owner_.on_stream_open();
}

void DiscoveryStream::send(std::string message) {
  if (call_ != nullptr) call_->send(std::move(message));
}

void DiscoveryStream::give_up(std::string_view why) {
  if (call_ != nullptr) closed(grpc::Code::internal, why);
}

void DiscoveryStream::closed(grpc::Code code, std::string_view message) {
  ended_with_ = code;
  call_->detach();
  ended_ = std::move(call_);
  sweep_ = context_.clock.after(std::chrono::milliseconds(0), [this] { ended_.reset(); });
  say(code, message);
  retry_ = context_.clock.after(backoff_.next(context_.clock.random()), [this] { connect(); });
  owner_.on_stream_closed();
}

void DiscoveryStream::say(grpc::Code code, std::string_view message) {
  Clock::Time now = context_.clock.now();
  // A server may end its streams now and then, so that its clients spread anew.
  bool worth_it = failures_++ == 0 ? code != grpc::Code::ok
                                   : code != said_code_ || now - said_at_ >= kWarningEvery;
  if (!worth_it) return;
  said_at_ = now;
  said_code_ = code;
  context_.warn(fmt::format("{} gRPC config stream to {} closed: {}, {}{}",
                            options_.method.substr(options_.method.rfind('/') + 1),
                            options_.service.cluster.name, static_cast<int>(code), as_utf8(message),
                            failures_ > 1 ? fmt::format(" ({} times in a row)", failures_) : ""));
}

}  // namespace outrigger::xds
