// Script: the text of a script, tried once when the configuration is read, and its state on each
// worker that ran it. Thread: load() main; on_worker() any, each with its own number; the first
// call of a worker makes its state. Lifetime: shared by the configurations that name it; states go
// with it, when no stream uses it any more.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "filters/http/lua/vm.h"

namespace outrigger::filters::lua {

class Script {
 public:
  static absl::StatusOr<std::shared_ptr<const Script>> load(std::string code);
  explicit Script(std::string code) : code_(std::move(code)) {}
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script();

  // nullptr: the script could be loaded when it was configured, but not here.
  Vm* on_worker(unsigned worker) const;

 private:
  struct Place {
    Place* next;
    unsigned worker;
    std::unique_ptr<Vm> vm;
  };

  std::string code_;
  mutable std::atomic<Place*> places_{nullptr};  // each made by its worker, in front of the others
};

}  // namespace outrigger::filters::lua
