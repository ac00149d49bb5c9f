#include "filters/http/lua/script.h"

namespace outrigger::filters::lua {

absl::StatusOr<std::shared_ptr<const Script>> Script::load(std::string code) {
  auto tried = Vm::load(code);
  if (!tried.ok()) return tried.status();
  return std::make_shared<Script>(std::move(code));
}

Script::~Script() {
  for (Place* place = places_.load(std::memory_order_acquire); place != nullptr;) {
    Place* next = place->next;
    delete place;
    place = next;
  }
}

Vm* Script::on_worker(unsigned worker) const {
  Place* first = places_.load(std::memory_order_acquire);
  for (Place* place = first; place != nullptr; place = place->next) {
    if (place->worker == worker) return place->vm.get();
  }
  auto vm = Vm::load(code_);
  auto* made = new Place{first, worker, vm.ok() ? std::move(*vm) : nullptr};
  while (!places_.compare_exchange_weak(made->next, made, std::memory_order_acq_rel)) {
  }
  return made->vm.get();
}

}  // namespace outrigger::filters::lua
