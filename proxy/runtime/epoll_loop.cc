#include "proxy/runtime/epoll_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "proxy/runtime/epoll_acceptor.h"
#include "proxy/runtime/epoll_socket.h"
#include "proxy/runtime/socket_options.h"

namespace outrigger::runtime {
namespace {

constexpr uint64_t kWakeToken = ~uint64_t{0};
constexpr auto kTrimInterval = std::chrono::seconds(1);
constexpr size_t kKeptChunks = 64;  // 256 KiB that an idle worker may keep for the next burst

uint64_t microseconds(std::chrono::steady_clock::duration duration) {
  auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<uint64_t>(std::max<int64_t>(count, 0));
}

}  // namespace

std::unique_ptr<Loop> make_epoll_loop() {
  return std::make_unique<EpollLoop>();
}

std::unique_ptr<DrivenLoop> make_driven_epoll_loop() {
  return std::make_unique<EpollLoop>();
}

EpollLoop::EpollLoop()
    : DrivenLoop(std::chrono::steady_clock::now()),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      receive_buffer_(new char[kReceiveBytes]),
      last_trim_(now_) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeToken;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
  update_time();
}

EpollLoop::~EpollLoop() {
  collect_garbage();
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

uint64_t EpollLoop::attach(int fd, uint32_t events, EpollTarget& target) {
  uint32_t slot = static_cast<uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot].target = &target;
  uint64_t token = (uint64_t{slots_[slot].generation} << 32) | slot;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
  return token;
}

void EpollLoop::detach(uint64_t token) {  // closing the descriptor takes it out of the epoll set
  auto slot = static_cast<uint32_t>(token);
  slots_[slot].target = nullptr;
  ++slots_[slot].generation;
  free_slots_.push_back(slot);
}

void EpollLoop::withdraw(int fd) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollLoop::detach_shared(uint64_t token, int fd) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  detach(token);
}

void EpollLoop::forget(EpollSocket& socket) {
  std::replace(flush_.begin(), flush_.end(), &socket, static_cast<EpollSocket*>(nullptr));
  std::replace(read_again_.begin(), read_again_.end(), &socket, static_cast<EpollSocket*>(nullptr));
  std::replace(reading_.begin(), reading_.end(), &socket, static_cast<EpollSocket*>(nullptr));
}

void EpollLoop::post(std::function<void()> task) {
  bool wake = false;
  {
    std::lock_guard lock(posted_mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (wake) eventfd_write(wake_fd_, 1);
}

void EpollLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  eventfd_write(wake_fd_, 1);
}

void EpollLoop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn(wait_ms());
  stopping_.store(false, std::memory_order_relaxed);
  run_posted();
  flush_outputs();
  collect_garbage();
}

std::optional<std::chrono::milliseconds> EpollLoop::next_turn() const {
  bool waiting = !read_again_.empty() || !garbage_.empty() || !flush_.empty() || !soon_.empty();
  return waiting ? std::chrono::milliseconds(0) : timers_.next_delay();
}

int EpollLoop::wait_ms() const {
  if (!read_again_.empty() || !garbage_.empty()) return 0;
  auto delay = timers_.next_delay();
  if (!delay) return -1;
  constexpr std::chrono::milliseconds kLongest{60'000};
  return static_cast<int>(std::min(*delay, kLongest).count());
}

void EpollLoop::update_time() {
  now_ = std::chrono::steady_clock::now();
  system_now_ = std::chrono::system_clock::now();
  timers_.set_now(now_);
}

void EpollLoop::turn(int wait_ms) {
  epoll_event events[kMaxEvents];
  auto asked = measured_ == nullptr ? MonotonicTime() : std::chrono::steady_clock::now();
  int n = epoll_wait(epoll_fd_, events, kMaxEvents, wait_ms);
  update_time();
  if (measured_ != nullptr && n == 0)
    measured_->poll_delay_us.record(
        microseconds(now_ - asked - std::chrono::milliseconds(wait_ms)));
  for (int i = 0; i < n; ++i) {
    if (events[i].data.u64 == kWakeToken) {
      eventfd_t ignored;
      eventfd_read(wake_fd_, &ignored);
      run_posted();
      continue;
    }
    const Slot& slot = slots_[static_cast<uint32_t>(events[i].data.u64)];
    if (slot.target != nullptr &&
        slot.generation == static_cast<uint32_t>(events[i].data.u64 >> 32)) {
      slot.target->on_events(events[i].events);
    }
  }
  reading_.swap(read_again_);
  for (size_t i = 0; i < reading_.size(); ++i) {
    if (reading_[i] != nullptr) reading_[i]->continue_reading();
  }
  reading_.clear();
  timers_.advance(now_);
  do {
    soon_.run();
    flush_outputs();
  } while (!soon_.empty());
  collect_garbage();
  if (now_ - last_trim_ >= kTrimInterval) {
    last_trim_ = now_;
    slabs_.trim_unused();
    chunks_.trim(kKeptChunks);
  }
  if (measured_ != nullptr)
    measured_->loop_duration_us.record(microseconds(std::chrono::steady_clock::now() - now_));
}

void EpollLoop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void EpollLoop::flush_outputs() {
  // finish_turn() may call handlers, which may write to other sockets: the list grows while it is
  // walked.
  for (size_t i = 0; i < flush_.size(); ++i) {
    if (flush_[i] != nullptr) flush_[i]->finish_turn();
  }
  flush_.clear();
}

void EpollLoop::collect_garbage() {
  while (!garbage_.empty()) {
    std::vector<std::unique_ptr<Deferred>> dying;
    dying.swap(garbage_);
  }
}

absl::StatusOr<std::unique_ptr<Acceptor>> EpollLoop::listen(const ListenOptions& options,
                                                            AcceptHandler& handler) {
  absl::StatusOr<int> fd = open_listening_socket(options);
  if (!fd.ok()) return fd.status();
  return std::unique_ptr<Acceptor>(new EpollAcceptor(*this, *fd, options, handler));
}

std::unique_ptr<Transport> EpollLoop::adopt(int fd, const net::Address& remote) {
  auto socket = std::make_unique<EpollSocket>(*this, fd, EpollSocket::State::open);
  socket->set_remote_address(remote);
  return socket;
}

absl::StatusOr<std::unique_ptr<Transport>> EpollLoop::connect(const ConnectOptions& options,
                                                              TransportHandler& handler) {
  if (options.address.is_internal()) {
    if (internal_ != nullptr) return internal_->connect_internal(options, handler);
    return absl::UnavailableError("there is no internal listener");
  }
  absl::StatusOr<int> fd = open_connecting_socket(options);
  if (!fd.ok()) return fd.status();
  auto socket = std::make_unique<EpollSocket>(*this, *fd, EpollSocket::State::connecting);
  socket->set_handler(handler);
  socket->set_remote_address(options.address);
  return std::unique_ptr<Transport>(std::move(socket));
}

}  // namespace outrigger::runtime
