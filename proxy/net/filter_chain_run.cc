#include "proxy/net/filter_chain_run.h"

namespace outrigger::net {

FilterSlot::FilterSlot(FilterSlotOwner& owner, ConnectionServices& services,
                       std::unique_ptr<NetworkFilter> filter)
    : owner_(owner),
      services_(services),
      filter_(std::move(filter)),
      timer_(services.loop.timers(), runtime::Timer::call<&FilterSlot::on_timer, FilterSlot>(),
             this) {}

void FilterSlot::close_filter() {
  timer_.cancel();
  filter_->on_close(*this);
}

void FilterSlot::pause_reading(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  owner_.on_filter_paused();
}

bool FilterSlot::fraction(const config::RuntimeFraction& fraction) {
  uint32_t chance = fraction.per_million;
  if (!fraction.runtime_key.empty())
    chance = services_.runtime->per_million(fraction.runtime_key, chance);
  return services_.random() % 1'000'000 < chance;
}

}  // namespace outrigger::net
