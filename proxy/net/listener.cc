#include "proxy/net/listener.h"

#include <unistd.h>

#include <atomic>
#include <limits>
#include <utility>

#include "fmt/format.h"

#include "proxy/net/pending_connection.h"

namespace outrigger::net {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
constexpr Outcome kNoChain{ResponseFlag::no_route_found, "filter_chain_not_found",
                           "no filter chain of the listener takes this connection"};
constexpr Outcome kNoSecrets{ResponseFlag::no_filter_config_found,
                             {},
                             "the certificates of the filter chain are not there yet"};

uint64_t next_connection_id() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// A transport that the turn may still be using is destroyed with it.
struct DyingTransport final : runtime::Deferred {
  explicit DyingTransport(std::unique_ptr<runtime::Transport> t) : transport(std::move(t)) {}
  std::unique_ptr<runtime::Transport> transport;
};

int64_t limit_of(const config::RuntimeSnapshot& runtime, std::string_view key) {
  constexpr uint64_t kMax = static_cast<uint64_t>(kNoLimit);
  return static_cast<int64_t>(std::min(runtime.number(key, kMax), kMax));
}

}  // namespace

Listener::Listener(std::shared_ptr<ListenerShare> share, ListenerServices& services)
    : share_(std::move(share)),
      services_(services),
      stats_(config().stats->local<ListenerStats>(services.connection.worker)),
      log_(config(), services.connection.worker, services.connection.loop,
           services.connection.runtime, services.logs),
      own_limit_(kNoLimit),
      process_limit_(kNoLimit) {
  for (const config::FilterChainPtr& chain : config().chains)
    chains_.push_back({chain, nullptr, nullptr});
  if (config().default_chain != nullptr)
    chains_.push_back({config().default_chain, nullptr, nullptr});
  if (config().exact_balance)
    share_->join(services.connection.worker, services.connection.loop, *this);
}

Listener::~Listener() {
  if (config().exact_balance) share_->leave(services_.connection.worker);
  services_.directory.remove(*this);
}

absl::Status Listener::start() {
  bool binds = config().bind_to_port && !config().internal;
  const std::vector<BoundSocket>* bound = share_->bound();
  for (size_t i = 0; binds && i < config().addresses.size(); ++i) {
    const BoundSocket* first = bound == nullptr ? nullptr : &(*bound)[i];
    if (absl::Status status = open(config().addresses[i], first); !status.ok()) return status;
  }
  if (binds && bound == nullptr) {
    std::vector<BoundSocket> sockets;
    for (const auto& acceptor : acceptors_)
      sockets.push_back({acceptor->local_address(), acceptor->descriptor()});
    share_->set_bound(std::move(sockets));
  }
  for (const Address& address : bound_addresses()) services_.directory.add(address, *this);
  return absl::OkStatus();
}

// Every worker has a socket of its own, or all have the first one's.
absl::Status Listener::open(const config::Listener::ListenAddress& listen,
                            const BoundSocket* bound) {
  runtime::ListenOptions options;
  options.address = bound == nullptr ? listen.address : bound->address;
  options.backlog = config().backlog;
  options.reuse_port = config().reuse_port;
  options.ipv6_only = !listen.ipv4_compat;
  options.mptcp = config().mptcp;
  options.unix_mode = listen.unix_mode;
  options.transparent = config().transparent;
  options.freebind = config().freebind;
  options.tcp_fast_open = config().tcp_fast_open;
  options.socket_options = listen.socket_options;
  if (config().max_connections_per_event != 0)
    options.max_accepts_per_event = config().max_connections_per_event;
  bool is_unix = options.address.is_unix();
  if (bound != nullptr && (is_unix || !config().reuse_port)) options.shared = bound->descriptor;
  std::string path = is_unix ? options.address.ip_text() : std::string();
  if (!path.empty() && path.front() != '@' && !options.shared) ::unlink(path.c_str());
  auto acceptor = services_.connection.loop.listen(options, *this);
  if (!acceptor.ok()) return acceptor.status();
  acceptors_.push_back(std::move(*acceptor));
  return absl::OkStatus();
}

void Listener::stop() {
  stopped_ = true;
  acceptors_.clear();
}

std::vector<Address> Listener::bound_addresses() const {
  std::vector<Address> addresses;
  if (const std::vector<BoundSocket>* bound = share_->bound()) {
    for (const BoundSocket& socket : *bound) addresses.push_back(socket.address);
    return addresses;
  }
  for (const auto& listen : config().addresses) addresses.push_back(listen.address);
  return addresses;
}

void Listener::drain() {
  for (Chain& chain : chains_) {
    if (chain.end != nullptr) chain.end->drain();
  }
}

void Listener::close_all() {
  while (!pending_.empty()) pending_.back()->close_now();
  for (Chain& chain : chains_) {
    if (chain.end != nullptr) chain.end->close_all();
  }
}

size_t Listener::connection_count() const {
  size_t count = pending_.size();
  for (const Chain& chain : chains_) {
    if (chain.end != nullptr) count += chain.end->connection_count();
  }
  return count;
}

void Listener::read_limits() {
  const config::RuntimeSnapshotPtr& runtime = services_.connection.runtime;
  if (limits_of_ == runtime) return;
  limits_of_ = runtime;
  own_limit_ = limit_of(
      *runtime, fmt::format("envoy.resource_limits.listener.{}.connection_limit", config().name));
  process_limit_ = limit_of(*runtime, "overload.global_downstream_max_connections");
}

bool Listener::over_limit() {
  read_limits();
  if (!config().ignore_global_connection_limit && process_limit_ != kNoLimit &&
      share_->process().total() >= process_limit_) {
    stats_.downstream_global_cx_overflow.inc();
    return true;
  }
  if (own_limit_ != kNoLimit && share_->open_connections() >= own_limit_) {
    stats_.downstream_cx_overflow.inc();
    return true;
  }
  return false;
}

bool Listener::take_descriptor(int fd, const Address& remote) {
  if (over_limit()) {
    ::close(fd);
    return true;
  }
  return config().exact_balance && share_->hand_over(services_.connection.worker, fd, remote);
}

void Listener::on_accept_event(uint32_t connections) {
  stats_.connections_accepted_per_socket_event.record(connections);
}

void Listener::on_accept(std::unique_ptr<runtime::Transport> transport) {
  begin(std::move(transport), CountedConnection(share_->count(services_.connection.worker)));
}

void Listener::adopt(int fd, const Address& remote, CountedConnection counted) {
  if (stopped_) {
    ::close(fd);
    return;
  }
  begin(services_.connection.loop.adopt(fd, remote), std::move(counted));
}

void Listener::accept_internal(std::unique_ptr<runtime::Transport> transport) {
  on_accept(std::move(transport));
}

void Listener::begin(std::unique_ptr<runtime::Transport> transport, CountedConnection counted) {
  runtime::Loop& loop = services_.connection.loop;
  DownstreamConnectionInfo info;
  info.id = next_connection_id();
  info.start = loop.now();
  info.start_time = loop.system_now();
  info.direct_remote = info.remote = transport->remote_address();
  info.direct_local = info.local = transport->local_address();
  info.listener_name = config().name;
  info.listener = &config();
  info.counted = std::move(counted);
  run_filters(std::move(transport), std::move(info), config().use_original_dst);
}

void Listener::take_over(std::unique_ptr<runtime::Transport> transport,
                         DownstreamConnectionInfo info) {
  info.listener_name = config().name;
  info.listener = &config();
  info.counted = CountedConnection(share_->count(services_.connection.worker));
  run_filters(std::move(transport), std::move(info), false);
}

void Listener::run_filters(std::unique_ptr<runtime::Transport> transport,
                           DownstreamConnectionInfo info, bool may_hand_off) {
  if (config().listener_filters.empty()) {
    choose_chain(std::move(transport), std::move(info), may_hand_off);
    return;
  }
  auto pending = std::make_unique<PendingConnection>(*this, std::move(transport), std::move(info),
                                                     may_hand_off);
  PendingConnection& started = *pending;
  started.index = pending_.size();
  pending_.push_back(std::move(pending));
  started.start();
}

void Listener::on_pending_ended(PendingConnection& pending) {
  size_t at = pending.index;
  std::unique_ptr<PendingConnection> dead = std::move(pending_[at]);
  if (at + 1 != pending_.size()) {
    pending_[at] = std::move(pending_.back());
    pending_[at]->index = at;
  }
  pending_.pop_back();
  services_.connection.loop.defer_delete(std::move(dead));
}

Listener::Chain* Listener::find_chain(DownstreamConnectionInfo& info) {
  if (info.detected_transport.empty()) info.detected_transport = "raw_buffer";
  uint32_t at = share_->index().find(info);
  if (at != FilterChainIndex::kNone) return &chains_[at];
  return config().default_chain == nullptr ? nullptr : &chains_.back();
}

// False: its secrets are not there yet.
bool Listener::wrap_tls(Chain& chain, std::unique_ptr<runtime::Transport>& transport) {
  if (chain.config->tls == nullptr) return true;
  if (chain.tls == nullptr) {
    chain.tls = std::make_unique<tls::ServerContext>(chain.config->tls, services_.connection.loop,
                                                     services_.connection.worker);
  }
  auto wrapped = chain.tls->wrap(std::move(transport), chain.config->transport_connect_timeout,
                                 &stats_.downstream_cx_transport_socket_connect_timeout);
  if (wrapped == nullptr) return false;
  transport = std::move(wrapped);
  return true;
}

void Listener::refuse(std::unique_ptr<runtime::Transport> transport,
                      const DownstreamConnectionInfo& info, const Outcome& outcome) {
  give_up(info, outcome);
  services_.connection.loop.defer_delete(std::make_unique<DyingTransport>(std::move(transport)));
}

void Listener::choose_chain(std::unique_ptr<runtime::Transport> transport,
                            DownstreamConnectionInfo info, bool may_hand_off) {
  if (may_hand_off && info.local_restored) {
    Listener* other = services_.directory.find(info.local);
    if (other != nullptr && other != this) {
      other->take_over(std::move(transport), std::move(info));
      return;
    }
  }
  Chain* chain = find_chain(info);
  if (chain == nullptr) {
    stats_.no_filter_chain_match.inc();
    refuse(std::move(transport), info, kNoChain);
    return;
  }
  info.filter_chain = chain->config.get();
  if (!wrap_tls(*chain, transport)) {
    refuse(std::move(transport), info, kNoSecrets);
    return;
  }
  if (chain->end == nullptr) chain->end = services_.make_chain(share_->config(), chain->config);
  stats_.downstream_cx_total.inc();
  chain->end->on_connection(std::move(transport), std::move(info));
}

}  // namespace outrigger::net
