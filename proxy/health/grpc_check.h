// GrpcCheck: asks an endpoint by grpc.health.v1.Health/Check. Thread and lifetime: as CheckSession.
// Specification: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/health/check_session.h"
#include "proxy/health/http_exchange.h"

namespace outrigger::health {

class GrpcCheck final : public CheckSession, public HttpExchangeOwner {
 public:
  GrpcCheck(CheckContext& context, CheckConnector& connector, upstream::HostStatePtr host)
      : CheckSession(context, std::move(host)), connector_(connector) {}
  ~GrpcCheck() override { drop(); }

 private:
  void ask() override;
  void drop() override;
  void fill_request(http::HeaderMap& headers) override;
  void on_answer(const HttpAnswer& answer) override;
  void on_no_answer() override;
  const config::HealthCheck::Grpc& grpc() const { return *check().grpc; }

  CheckConnector& connector_;
  std::unique_ptr<HttpExchange> exchange_;
};

// The message HealthCheckRequest with its prefix.
std::string health_request(std::string_view service);
// The body of an answer says SERVING.
bool says_serving(std::string_view body);

}  // namespace outrigger::health
