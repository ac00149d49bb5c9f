#include "proxy/hot_restart/hot_restart.h"

#include <unistd.h>

#include <fstream>
#include <random>
#include <utility>

#include "fmt/format.h"

#include "proxy/runtime/log.h"

namespace outrigger::hot_restart {
namespace {

constexpr int kTries = 64;  // of base ids at random
constexpr uint32_t kLastBaseId = 0x7fffffff;

}  // namespace

HotRestart::HotRestart(boost::asio::io_context& io, Settings settings, Host& host,
                       const observe::StatsStore& stats)
    : io_(io), settings_(std::move(settings)), host_(host), stats_(stats) {}

absl::StatusOr<int> HotRestart::take_place() {
  if (!settings_.any_base_id) return listen_at(settings_.place, settings_.epoch);
  std::random_device random;
  absl::StatusOr<int> fd = absl::UnavailableError("no base id is free");
  for (int i = 0; i < kTries; ++i) {
    settings_.place.base_id = random() & kLastBaseId;
    fd = listen_at(settings_.place, settings_.epoch);
    if (fd.ok() || fd.status().code() != absl::StatusCode::kAlreadyExists) break;
  }
  return fd;
}

absl::Status HotRestart::start() {
  absl::StatusOr<int> fd = take_place();
  if (!fd.ok()) {
    std::string message(fd.status().message());
    bool taken = fd.status().code() == absl::StatusCode::kAlreadyExists;
    if (taken && settings_.epoch == 0 && !settings_.base_id_given) {
      OUTRIGGER_LOG(main, warning,
                    "hot restart is off: another process has the base id {} (see --base-id, "
                    "--restart-epoch, --disable-hot-restart): {}",
                    settings_.place.base_id, message);
      return absl::OkStatus();
    }
    return absl::UnavailableError(
        fmt::format("hot restart: {} (see --base-id and --restart-epoch)", message));
  }
  successor_ = std::make_unique<SuccessorPort>(io_, *fd, settings_.epoch, host_, stats_);
  if (!settings_.base_id_path.empty()) {
    std::ofstream file(settings_.base_id_path);
    file << settings_.place.base_id;
    if (!file.flush())
      return absl::UnavailableError(
          fmt::format("cannot write the base id to {}", settings_.base_id_path));
  }
  return settings_.epoch == 0 ? absl::OkStatus() : meet_predecessor();
}

absl::Status HotRestart::meet_predecessor() {
  auto met = Predecessor::meet({io_, stats_, settings_.place, settings_.epoch,
                                settings_.shutdown_time, settings_.take_stats});
  if (met.ok()) {
    predecessor_ = *std::move(met);
    predecessor_->close_admin();
    return absl::OkStatus();
  }
  std::string message(met.status().message());
  if (settings_.go_without_predecessor && met.status().code() == absl::StatusCode::kNotFound) {
    OUTRIGGER_LOG(main, warning, "hot restart: there is nobody to take over from: {}", message);
    return absl::OkStatus();
  }
  return absl::UnavailableError(fmt::format("hot restart: {}", message));
}

std::optional<int> HotRestart::take(const net::Address& address, unsigned worker) {
  if (successor_ != nullptr) {
    if (auto fd = successor_->take(address, worker)) return fd;
  }
  return predecessor_ == nullptr ? std::nullopt : predecessor_->take(address, worker);
}

void HotRestart::stop() {
  if (predecessor_ != nullptr) predecessor_->terminate();
  predecessor_ = nullptr;
  successor_ = nullptr;
}

}  // namespace outrigger::hot_restart
