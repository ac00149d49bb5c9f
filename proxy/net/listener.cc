#include "proxy/net/listener.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
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

Listener::Listener(std::shared_ptr<ListenerShare> share, ChainSetPtr chains,
                   ListenerServices& services)
    : share_(std::move(share)),
      services_(services),
      counts_(config(), services.connection.worker),
      log_(config(), services.connection.worker, services.connection.loop,
           services.connection.runtime, services.logs),
      chain_set_(std::move(chains)),
      own_limit_(kNoLimit),
      process_limit_(kNoLimit) {
  for (const config::FilterChainPtr& chain : chain_set_->chains)
    chains_.push_back({chain, nullptr, nullptr});
  if (config().exact_balance)
    share_->join(services.connection.worker, services.connection.loop, *this);
}

Listener::~Listener() {
  stop(Waiting::left_over);
  if (config().exact_balance) share_->leave(services_.connection.worker);
}

absl::Status Listener::start(const ListenSockets* sockets) {
  if (sockets == nullptr) {
    for (const auto& listen : config().addresses) addresses_.push_back(listen.address);
  } else {
    addresses_ = sockets->addresses();
    for (size_t i = 0; i < addresses_.size(); ++i) {
      int descriptor = sockets->descriptor(i, services_.connection.worker);
      if (absl::Status status = open(addresses_[i], descriptor); !status.ok()) return status;
    }
  }
  for (const Address& address : addresses_) services_.directory.add(address, *this);
  return absl::OkStatus();
}

absl::Status Listener::open(const Address& address, int descriptor) {
  runtime::ListenOptions options;
  options.address = address;
  options.shared = descriptor;
  if (config().max_connections_per_event != 0)
    options.max_accepts_per_event = config().max_connections_per_event;
  auto acceptor = services_.connection.loop.listen(options, *this);
  if (!acceptor.ok()) return acceptor.status();
  acceptors_.push_back(std::move(*acceptor));
  return absl::OkStatus();
}

void Listener::stop(Waiting waiting) {
  if (stopped_) return;
  if (waiting == Waiting::taken) {
    for (const auto& acceptor : acceptors_) acceptor->accept_waiting();
  }
  stopped_ = true;
  acceptors_.clear();
  for (const Address& address : addresses_) services_.directory.remove(address, *this);
}

void Listener::set_chains(ChainSetPtr chains, std::chrono::milliseconds drain_time,
                          std::function<void()> drained) {
  absl::flat_hash_map<const config::FilterChain*, WorkerChain> present;
  for (WorkerChain& chain : chains_) present.try_emplace(chain.config.get(), std::move(chain));
  chains_.clear();
  chain_set_ = std::move(chains);
  for (const config::FilterChainPtr& chain : chain_set_->chains) {
    auto found = present.find(chain.get());
    if (found == present.end()) {
      chains_.push_back({chain, nullptr, nullptr});
      continue;
    }
    chains_.push_back(std::move(found->second));
    present.erase(found);
  }
  std::vector<WorkerChain> gone;
  for (auto& [_, chain] : present) gone.push_back(std::move(chain));
  draining_.push_back(
      std::make_unique<DrainingChains>(services_.connection.loop, std::move(gone), drain_time,
                                       [this, drained = std::move(drained)](DrainingChains& which) {
                                         drained();
                                         on_chains_drained(which);
                                       }));
  draining_.back()->drain(DrainPace::strategic);
}

void Listener::on_chains_drained(DrainingChains& chains) {
  auto at = std::find_if(draining_.begin(), draining_.end(),
                         [&](const auto& owned) { return owned.get() == &chains; });
  services_.connection.loop.defer_delete(std::move(*at));
  draining_.erase(at);
}

template <class Do>
void Listener::for_chains(Do what) {
  for (WorkerChain& chain : chains_) {
    if (chain.end != nullptr) what(*chain.end);
  }
  for (auto& draining : draining_) what(*draining);
}

void Listener::drain(DrainPace pace) {
  pace_ = pace;
  for_chains([pace](auto& end) { end.drain(pace); });
}

void Listener::close_all() {
  while (!pending_.empty()) pending_.back()->close_now();
  for_chains([](auto& end) { end.close_all(); });
}

size_t Listener::connection_count() const {
  size_t count = pending_.size();
  for (const WorkerChain& chain : chains_) {
    if (chain.end != nullptr) count += chain.end->connection_count();
  }
  for (const auto& draining : draining_) count += draining->connection_count();
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

bool Listener::process_at_limit() const {
  const ProcessConnections& process = share_->process();
  if (process.limit()) return process.at_limit();
  return process_limit_ != kNoLimit && process.total() >= process_limit_;
}

bool Listener::over_limit() {
  read_limits();
  if (!config().ignore_global_connection_limit && process_at_limit()) {
    stats().downstream_global_cx_overflow.inc();
    return true;
  }
  if (own_limit_ != kNoLimit && share_->open_connections() >= own_limit_) {
    stats().downstream_cx_overflow.inc();
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
  stats().connections_accepted_per_socket_event.record(connections);
}

void Listener::on_accept(std::unique_ptr<runtime::Transport> transport) {
  begin(std::move(transport), CountedConnection(share_->count(services_.connection.worker)));
}

// One that was on its way when the listener stopped is taken as well.
void Listener::adopt(int fd, const Address& remote, CountedConnection counted) {
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

WorkerChain* Listener::find_chain(DownstreamConnectionInfo& info) {
  if (info.detected_transport.empty()) info.detected_transport = "raw_buffer";
  uint32_t at = chain_set_->index.find(info);
  if (at == FilterChainIndex::kRefused) return nullptr;
  if (at != FilterChainIndex::kNone) return &chains_[at];
  return chain_set_->has_default ? &chains_.back() : nullptr;
}

// False: its secrets are not there yet.
bool Listener::wrap_tls(WorkerChain& chain, std::unique_ptr<runtime::Transport>& transport) {
  if (chain.config->tls == nullptr) return true;
  if (chain.tls == nullptr) {
    chain.tls = std::make_unique<tls::ServerContext>(chain.config->tls, services_.connection.loop,
                                                     services_.connection.worker);
  }
  auto wrapped = chain.tls->wrap(std::move(transport), chain.config->transport_connect_timeout,
                                 &stats().downstream_cx_transport_socket_connect_timeout);
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
  WorkerChain* chain = find_chain(info);
  if (chain == nullptr) {
    stats().no_filter_chain_match.inc();
    refuse(std::move(transport), info, kNoChain);
    return;
  }
  info.filter_chain = chain->config.get();
  if (!wrap_tls(*chain, transport)) {
    refuse(std::move(transport), info, kNoSecrets);
    return;
  }
  if (chain->end == nullptr) chain->end = services_.make_chain(share_->config(), chain->config);
  counts_.note_accepted();
  chain->end->on_connection(std::move(transport), std::move(info));
  // It was still looked at when the others were told.
  if (stopped_ && pace_) chain->end->drain(*pace_);
}

}  // namespace outrigger::net
