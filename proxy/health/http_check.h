// HttpCheck: asks an endpoint with a request of HTTP/1.1 or HTTP/2. Thread and lifetime: as
// CheckSession.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/health/check_session.h"
#include "proxy/health/http_exchange.h"

namespace outrigger::health {

// Whom a check's request names.
std::string check_authority(const std::string& configured, const config::Endpoint& endpoint,
                            const config::Cluster& cluster);

class HttpCheck final : public CheckSession, public HttpExchangeOwner {
 public:
  HttpCheck(CheckContext& context, CheckConnector& connector, upstream::HostStatePtr host)
      : CheckSession(context, std::move(host)), connector_(connector) {}
  ~HttpCheck() override { drop(); }

 private:
  enum class Verdict : uint8_t {
    good,
    degraded,
    bad,
    retriable
  };
  // Where the configuration sets no limit: an endpoint must not fill our memory.
  static constexpr uint64_t kMostOfABody = 1024 * 1024;

  void ask() override;
  void drop() override;
  void fill_request(http::HeaderMap& headers) override;
  void on_answer(const HttpAnswer& answer) override;
  void on_no_answer() override;
  Verdict judge(const HttpAnswer& answer) const;
  bool verifies() const;
  const config::HealthCheck::Http& http() const { return *check().http; }

  CheckConnector& connector_;
  std::unique_ptr<HttpExchange> exchange_;
};

}  // namespace outrigger::health
