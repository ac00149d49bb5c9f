// ProtocolContext: what every part of the protocol needs of the process. Thread: main. Lifetime:
// the config sources'.
#pragma once

#include <functional>
#include <string>

#include "xds/ledger.h"
#include "xds/protocol/clock.h"
#include "xds/protocol/deadlines.h"

namespace outrigger::xds {

struct ProtocolContext {
  ProtocolContext(Clock& a_clock, Ledger& a_ledger,
                  std::function<void(bool warning, const std::string& text)> a_log)
      : clock(a_clock), deadlines(a_clock), ledger(a_ledger), log_line(std::move(a_log)) {}

  void log(const std::string& text) const { write(false, text); }
  void warn(const std::string& text) const { write(true, text); }

  Clock& clock;
  Deadlines deadlines;
  Ledger& ledger;

 private:
  void write(bool warning, const std::string& text) const {
    if (log_line) log_line(warning, text);
  }
  std::function<void(bool warning, const std::string& text)> log_line;
};

}  // namespace outrigger::xds
