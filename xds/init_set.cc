#include "xds/init_set.h"

#include <algorithm>
#include <utility>

namespace outrigger::xds {

void InitTarget::ready() {
  if (auto set = std::exchange(set_, {}).lock()) set->on_target(this);
}

std::shared_ptr<InitTarget> InitSet::add(std::string name) {
  auto target = std::make_shared<InitTarget>(weak_from_this(), std::move(name));
  waiting_.push_back(target.get());
  return target;
}

void InitSet::when_ready(std::function<void()> ready) {
  ready_ = std::move(ready);
  if (waiting_.empty() && ready_) std::exchange(ready_, nullptr)();
}

std::vector<std::string> InitSet::unready() const {
  std::vector<std::string> names;
  for (const InitTarget* target : waiting_) names.push_back(target->name());
  return names;
}

void InitSet::on_target(const InitTarget* target) {
  auto keep = shared_from_this();  // who waits may let it go
  std::erase(waiting_, target);
  if (waiting_.empty() && ready_) std::exchange(ready_, nullptr)();
}

}  // namespace outrigger::xds
