// DiscoveryStream: the call to a management server, made again whenever it ends, after a growing
// and jittered wait. Thread: main. Lifetime: its multiplexer's.
//
//   idle --open()--> open --closed by the server, the connection or give_up()--> waiting --> open
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/grpc/client.h"
#include "xds/protocol/backoff.h"
#include "xds/protocol/protocol_context.h"

namespace outrigger::xds {

class DiscoveryStreamOwner {
 public:
  virtual void on_stream_open() = 0;
  virtual void on_stream_message(std::string message) = 0;
  virtual void on_stream_closed() = 0;

 protected:
  ~DiscoveryStreamOwner() = default;
};

struct DiscoveryStreamOptions {
  config::GrpcService service;
  std::string method;
};

class DiscoveryStream {
 public:
  // Envoy's, where the service's retry policy says nothing else.
  static constexpr std::chrono::milliseconds kBaseWait{500};
  static constexpr std::chrono::milliseconds kMaxWait{30'000};
  // A server that is gone for long is not worth a line at every attempt.
  static constexpr std::chrono::seconds kWarningEvery{30};

  DiscoveryStream(DiscoveryStreamOptions options, grpc::ClientFactory& clients,
                  ProtocolContext& context, DiscoveryStreamOwner& owner);
  ~DiscoveryStream();

  // Once; calls on_stream_open from inside.
  void open();
  bool is_open() const { return call_ != nullptr; }
  // How the last call ended.
  grpc::Code ended_with() const { return ended_with_; }
  void send(std::string message);
  // The server does not follow the protocol: another stream, later.
  void give_up(std::string_view why);

 private:
  class Call;

  void connect();
  void closed(grpc::Code code, std::string_view message);
  void say(grpc::Code code, std::string_view message);

  const DiscoveryStreamOptions options_;
  grpc::ClientFactory& clients_;
  ProtocolContext& context_;
  DiscoveryStreamOwner& owner_;
  std::unique_ptr<grpc::Client> client_;  // made with the first attempt
  std::unique_ptr<Call> call_;
  std::unique_ptr<Call> ended_;  // until its callback has returned
  std::unique_ptr<Clock::Alarm> retry_, sweep_;
  Backoff backoff_;
  unsigned failures_ = 0;  // since the last message
  Clock::Time said_at_{};
  grpc::Code said_code_ = grpc::Code::ok;
  grpc::Code ended_with_ = grpc::Code::ok;
};

}  // namespace outrigger::xds
