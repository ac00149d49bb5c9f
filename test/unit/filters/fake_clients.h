// The worker's clients for filters in unit tests: they keep what was asked; the test answers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/grpc/client.h"
#include "api/http/async_client.h"

namespace outrigger::filters::test {

class FakeAsyncClient final : public http::AsyncClient {
 public:
  struct Call {
    http::AsyncRequest request;
    http::AsyncHandler* handler;  // nullptr: cancelled
  };
  std::unique_ptr<http::AsyncCall> start(http::AsyncRequest request,
                                         http::AsyncHandler& handler) override {
    calls.push_back(std::make_shared<Call>(Call{std::move(request), &handler}));
    return std::make_unique<Handle>(calls.back());
  }
  void send(http::AsyncRequest request) override { sent.push_back(std::move(request)); }
  void answer(size_t at, int status, http::AsyncHeaders headers = {}, std::string body = {}) {
    calls[at]->handler->on_async_response({status, std::move(headers), std::move(body)});
  }
  void fail(size_t at, http::AsyncFailure failure) {
    calls[at]->handler->on_async_failure(failure, "scripted");
  }

  std::vector<std::shared_ptr<Call>> calls;
  std::vector<http::AsyncRequest> sent;  // those that nobody waits for

 private:
  struct Handle final : http::AsyncCall {
    explicit Handle(std::shared_ptr<Call> of) : call(std::move(of)) {}
    ~Handle() override { call->handler = nullptr; }
    std::shared_ptr<Call> call;
  };
};

class FakeGrpcClients final : public grpc::ClientFactory {
 public:
  struct Call {
    std::string cluster, method;
    grpc::StreamHandler* handler;  // nullptr: cancelled
    grpc::CallOptions options;
    std::vector<std::string> sent;
    bool sending_closed = false;
  };
  std::unique_ptr<grpc::Client> make(const config::GrpcService& service) override {
    return std::make_unique<Client>(*this, service.cluster.name);
  }
  // One message and the status OK.
  void answer(size_t at, std::string message) {
    auto call = calls[at];
    call->handler->on_message(std::move(message));
    if (call->handler != nullptr) call->handler->on_closed(grpc::Code::ok, "");
  }
  void fail(size_t at, grpc::Code code) { calls[at]->handler->on_closed(code, "scripted"); }

  std::vector<std::shared_ptr<Call>> calls;

 private:
  struct Stream final : grpc::Stream {
    explicit Stream(std::shared_ptr<Call> of) : call(std::move(of)) {}
    ~Stream() override { call->handler = nullptr; }
    void send(std::string message) override { call->sent.push_back(std::move(message)); }
    void close_sending() override { call->sending_closed = true; }
    size_t unsent() const override { return 0; }
    std::shared_ptr<Call> call;
  };
  struct Client final : grpc::Client {
    Client(FakeGrpcClients& of, std::string name) : owner(of), cluster(std::move(name)) {}
    std::unique_ptr<grpc::Stream> open(std::string_view method, grpc::StreamHandler& handler,
                                       const grpc::CallOptions& options) override {
      owner.calls.push_back(
          std::make_shared<Call>(Call{cluster, std::string(method), &handler, options, {}, false}));
      return std::make_unique<Stream>(owner.calls.back());
    }
    FakeGrpcClients& owner;
    std::string cluster;
  };
};

}  // namespace outrigger::filters::test
