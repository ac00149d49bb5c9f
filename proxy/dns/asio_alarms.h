// AsioAlarms: alarms of the main thread's io_context. Thread: main.
#pragma once

#include <utility>

#include "boost/asio/io_context.hpp"
#include "boost/asio/steady_timer.hpp"

#include "proxy/dns/resolver.h"

namespace outrigger::dns {

class AsioAlarms final : public Alarms {
 public:
  explicit AsioAlarms(boost::asio::io_context& io) : io_(io) {}

  std::unique_ptr<Alarm> after(std::chrono::milliseconds delay,
                               std::function<void()> act) override {
    return std::make_unique<Timer>(io_, delay, std::move(act));
  }

 private:
  class Timer final : public Alarm {
   public:
    Timer(boost::asio::io_context& io, std::chrono::milliseconds delay, std::function<void()> act)
        : timer_(io, delay), alive_(std::make_shared<bool>(true)) {
      timer_.async_wait([alive = alive_, act = std::move(act)](boost::system::error_code error) {
        // An expiry that was queued before the alarm was destroyed comes without an error.
        if (!error && *alive) act();
      });
    }
    ~Timer() override { *alive_ = false; }

   private:
    boost::asio::steady_timer timer_;
    std::shared_ptr<bool> alive_;
  };

  boost::asio::io_context& io_;
};

}  // namespace outrigger::dns
