#include "proxy/stream/async_client.h"

#include <utility>

#include "proxy/stream/async_exchange.h"

namespace outrigger::stream {
namespace {

// What the caller has of an exchange, which may be on the stack when the caller lets go of it.
class Handle final : public http::AsyncCall {
 public:
  explicit Handle(std::unique_ptr<AsyncExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Handle() override {
    exchange_->cancel();
    runtime::Loop& loop = exchange_->loop();
    loop.defer_delete(std::move(exchange_));
  }

 private:
  std::unique_ptr<AsyncExchange> exchange_;
};

}  // namespace

// Waits for an answer in its caller's place, so that the request is not cancelled.
class AsyncHttpClient::Unheard final : public runtime::Deferred, private http::AsyncHandler {
 public:
  Unheard(AsyncHttpClient& client, size_t at, http::AsyncRequest request)
      : index(at),
        client_(client),
        exchange_(client.services_, std::move(request), static_cast<http::AsyncHandler&>(*this)) {}
  void cancel() { exchange_.cancel(); }

  size_t index;  // the client's place for it

 private:
  void on_async_response(http::AsyncResponse) override { client_.forget(*this); }
  void on_async_failure(http::AsyncFailure, std::string_view) override { client_.forget(*this); }

  AsyncHttpClient& client_;
  AsyncExchange exchange_;
};

AsyncHttpClient::AsyncHttpClient(WorkerServices& services) : services_(services) {}

AsyncHttpClient::~AsyncHttpClient() {
  for (auto& call : unheard_) call->cancel();
}

void AsyncHttpClient::send(http::AsyncRequest request) {
  unheard_.push_back(std::make_unique<Unheard>(*this, unheard_.size(), std::move(request)));
}

void AsyncHttpClient::forget(Unheard& call) {
  size_t at = call.index;
  std::unique_ptr<Unheard> done = std::move(unheard_[at]);
  if (at + 1 != unheard_.size()) {
    unheard_[at] = std::move(unheard_.back());
    unheard_[at]->index = at;
  }
  unheard_.pop_back();
  services_.loop.defer_delete(std::move(done));
}

std::unique_ptr<http::AsyncCall> AsyncHttpClient::start(http::AsyncRequest request,
                                                        http::AsyncHandler& handler) {
  return std::make_unique<Handle>(
      std::make_unique<AsyncExchange>(services_, std::move(request), handler));
}

}  // namespace outrigger::stream
