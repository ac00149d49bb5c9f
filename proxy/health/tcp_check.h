// TcpCheck: connects to an endpoint, sends it octets and waits for others. Thread and lifetime: as
// CheckSession.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/health/check_session.h"

namespace outrigger::health {

class TcpCheck final : public CheckSession {
 public:
  TcpCheck(CheckContext& context, CheckConnector& connector, upstream::HostStatePtr host);
  ~TcpCheck() override;

 private:
  class Connection;
  // What an answer may be that never matches: more than that is none.
  static constexpr size_t kMostOfAnAnswer = 64 * 1024;

  void ask() override;
  void drop() override;
  void send();
  void on_connected();
  void on_data(Bytes bytes);
  void on_end();
  const config::HealthCheck::Tcp& tcp() const { return *check().tcp; }

  CheckConnector& connector_;
  std::unique_ptr<Connection> connection_;
  std::string answer_;
};

}  // namespace outrigger::health
