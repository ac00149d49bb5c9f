#include "proxy/net/listener_share.h"

#include <unistd.h>

#include "proxy/net/listener.h"

namespace outrigger::net {
namespace {

int64_t sum(const std::vector<ConnectionCount>& counts) {
  int64_t total = 0;
  for (const ConnectionCount& count : counts) total += count.value();
  return total;
}

config::ListenerPtr without_chains(const config::Listener& config) {
  auto out = std::make_shared<config::Listener>(config);
  out->chains.clear();
  out->default_chain = nullptr;
  return out;
}

// A descriptor on its way to another worker; closed if it never gets there.
class TravellingSocket {
 public:
  explicit TravellingSocket(int fd) : fd_(fd) {}
  TravellingSocket(const TravellingSocket&) = delete;
  TravellingSocket& operator=(const TravellingSocket&) = delete;
  ~TravellingSocket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int take() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace

ProcessConnections::ProcessConnections(unsigned workers) : all_(workers), limited_(workers) {
  for (unsigned i = 0; i < workers; ++i) limited_[i].total = &all_[i];
}

int64_t ProcessConnections::total() const {
  return sum(all_);
}

bool ProcessConnections::at_limit() const {
  return limit_ && sum(limited_) >= *limit_;
}

ListenerShare::ListenerShare(const config::Listener& config, unsigned workers,
                             ProcessConnections& process)
    : config_(without_chains(config)), process_(process), counts_(workers), members_(workers) {
  for (unsigned i = 0; i < workers; ++i)
    counts_[i].total = &process.of(i, !config_->ignore_global_connection_limit);
}

int64_t ListenerShare::open_connections() const {
  return sum(counts_);
}

void ListenerShare::join(unsigned worker, runtime::Loop& loop, Listener& listener) {
  std::lock_guard lock(members_mutex_);
  members_[worker] = {&loop, &listener};
}

void ListenerShare::leave(unsigned worker) {
  std::lock_guard lock(members_mutex_);
  members_[worker] = {};
}

Listener* ListenerShare::member(unsigned worker) const {
  std::lock_guard lock(members_mutex_);
  return members_[worker].listener;
}

// `own` keeps it unless another has fewer: a hand-over costs a wake-up.
unsigned ListenerShare::least_loaded(unsigned own) const {
  unsigned best = own;
  for (unsigned i = 0; i < members_.size(); ++i) {
    if (members_[i].listener != nullptr && counts_[i].value() < counts_[best].value()) best = i;
  }
  return best;
}

bool ListenerShare::hand_over(unsigned own, int fd, const Address& remote) {
  std::lock_guard lock(members_mutex_);
  unsigned target = least_loaded(own);
  if (target == own) return false;
  auto counted = std::make_shared<CountedConnection>(counts_[target]);
  auto socket = std::make_shared<TravellingSocket>(fd);
  members_[target].loop->post([share = shared_from_this(), target, socket, counted, remote] {
    // It leaves on this thread, so it cannot be gone before the call is over.
    Listener* listener = share->member(target);
    if (listener != nullptr) listener->adopt(socket->take(), remote, std::move(*counted));
  });
  return true;
}

}  // namespace outrigger::net
