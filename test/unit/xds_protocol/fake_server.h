// A management server of a test: the calls that were opened, what they were sent, and what they
// answer.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "envoy/service/discovery/v3/discovery.pb.h"

#include "api/grpc/client.h"

namespace outrigger::xds {

class FakeServer final : public grpc::ClientFactory {
 public:
  using Request = envoy::service::discovery::v3::DiscoveryRequest;
  using DeltaRequest = envoy::service::discovery::v3::DeltaDiscoveryRequest;

  struct Call {
    std::string cluster;
    std::string method;
    grpc::StreamHandler* handler = nullptr;  // nullptr: cancelled
    std::deque<std::string> sent;
  };

  std::unique_ptr<grpc::Client> make(const config::GrpcService& service) override {
    return std::make_unique<Client>(*this, service.cluster.name);
  }

  size_t calls() const { return calls_.size(); }
  Call& call(size_t index) { return *calls_.at(index); }
  Call& last() { return *calls_.back(); }

  // The next request of the last call; an empty one: there is none.
  Request request() { return next<Request>(last()); }
  DeltaRequest delta_request() { return next<DeltaRequest>(last()); }
  bool quiet() { return last().sent.empty(); }
  template <class Message>
  static Message next(Call& call) {
    Message message;
    if (call.sent.empty()) return message;
    message.ParseFromString(call.sent.front());
    call.sent.pop_front();
    return message;
  }
  template <class Message>
  void answer(const Message& message) {
    last().handler->on_message(message.SerializeAsString());
  }
  void close(grpc::Code code = grpc::Code::unavailable, std::string_view why = "gone") {
    last().handler->on_closed(code, why);
  }

 private:
  struct Stream final : grpc::Stream {
    explicit Stream(std::shared_ptr<Call> a_call) : call(std::move(a_call)) {}
    ~Stream() override { call->handler = nullptr; }
    void send(std::string message) override { call->sent.push_back(std::move(message)); }
    void close_sending() override {}
    size_t unsent() const override { return 0; }
    std::shared_ptr<Call> call;
  };
  struct Client final : grpc::Client {
    Client(FakeServer& a_server, std::string a_cluster)
        : server(a_server), cluster(std::move(a_cluster)) {}
    std::unique_ptr<grpc::Stream> open(std::string_view method, grpc::StreamHandler& handler,
                                       const grpc::CallOptions&) override {
      auto call = std::make_shared<Call>(Call{cluster, std::string(method), &handler, {}});
      server.calls_.push_back(call);
      return std::make_unique<Stream>(call);
    }
    FakeServer& server;
    std::string cluster;
  };

  std::vector<std::shared_ptr<Call>> calls_;
};

}  // namespace outrigger::xds
