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

std::unique_ptr<http::AsyncCall> AsyncHttpClient::start(http::AsyncRequest request,
                                                        http::AsyncHandler& handler) {
  return std::make_unique<Handle>(
      std::make_unique<AsyncExchange>(services_, std::move(request), handler));
}

}  // namespace outrigger::stream
