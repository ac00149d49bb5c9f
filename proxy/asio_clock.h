// AsioClock: the main thread's time and alarms for the protocol of management servers. Thread:
// main. Lifetime: the server's; the io_context outlives it.
#pragma once

#include <memory>
#include <random>
#include <utility>

#include "boost/asio/io_context.hpp"

#include "proxy/dns/asio_alarms.h"
#include "xds/protocol/clock.h"

namespace outrigger {

class AsioClock final : public xds::Clock {
 public:
  explicit AsioClock(boost::asio::io_context& io) : alarms_(io), random_(std::random_device()()) {}

  Time now() const override { return std::chrono::steady_clock::now(); }
  std::chrono::system_clock::time_point wall_time() const override {
    return std::chrono::system_clock::now();
  }
  std::unique_ptr<Alarm> after(std::chrono::milliseconds delay,
                               std::function<void()> act) override {
    return std::make_unique<Waiting>(alarms_.after(delay, std::move(act)));
  }
  uint64_t random() override { return random_(); }

 private:
  struct Waiting final : Alarm {
    explicit Waiting(std::unique_ptr<dns::Alarm> a) : alarm(std::move(a)) {}
    std::unique_ptr<dns::Alarm> alarm;
  };

  dns::AsioAlarms alarms_;
  std::mt19937_64 random_;
};

}  // namespace outrigger
