#include "proxy/net/draining_chains.h"

#include <utility>

namespace outrigger::net {
namespace {

// How often it is asked whether the last connection is gone.
constexpr std::chrono::milliseconds kLook{100};

}  // namespace

DrainingChains::DrainingChains(runtime::Loop& loop, std::vector<WorkerChain> chains,
                               std::chrono::milliseconds drain_time,
                               std::function<void(DrainingChains&)> drained)
    : loop_(loop),
      chains_(std::move(chains)),
      deadline_(loop.now() + drain_time),
      drained_(std::move(drained)),
      timer_(loop.timers(), runtime::Timer::call<&DrainingChains::look, DrainingChains>(), this) {
  timer_.start(std::chrono::milliseconds(0));
}

void DrainingChains::drain(DrainPace pace) {
  for (WorkerChain& chain : chains_) {
    if (chain.end != nullptr) chain.end->drain(pace);
  }
}

void DrainingChains::close_all() {
  for (WorkerChain& chain : chains_) {
    if (chain.end != nullptr) chain.end->close_all();
  }
}

size_t DrainingChains::connection_count() const {
  size_t count = 0;
  for (const WorkerChain& chain : chains_) {
    if (chain.end != nullptr) count += chain.end->connection_count();
  }
  return count;
}

void DrainingChains::look() {
  if (loop_.now() >= deadline_) close_all();
  if (connection_count() == 0) {
    drained_(*this);
  } else {
    timer_.start(kLook);
  }
}

}  // namespace outrigger::net
