#include "proxy/tcp/tcp_connection.h"

#include <algorithm>
#include <utility>

#include "proxy/observe/substitution.h"
#include "proxy/tcp/cluster_choice.h"
#include "proxy/tcp/tunnel_head.h"

namespace outrigger::tcp {
namespace {

using runtime::Timer;
using std::chrono::milliseconds;

}  // namespace

TcpConnection::TcpConnection(std::shared_ptr<TcpService> service,
                             std::unique_ptr<runtime::Transport> transport,
                             DownstreamConnectionInfo info, TcpListener& owner)
    : service_(std::move(service)),
      info_(std::move(info)),
      transport_(std::move(transport)),
      owner_(owner),
      arena_(std::in_place, service_->loop().chunks()),
      link_(*this),
      attempt_task_([](void* self) { static_cast<TcpConnection*>(self)->attempt(); }, this),
      idle_timer_(service_->loop().timers(), Timer::call<&TcpConnection::on_idle, TcpConnection>(),
                  this),
      duration_timer_(service_->loop().timers(),
                      Timer::call<&TcpConnection::on_max_duration, TcpConnection>(), this),
      retry_timer_(service_->loop().timers(), Timer::call<&TcpConnection::attempt, TcpConnection>(),
                   this),
      log_timer_(service_->loop().timers(),
                 Timer::call<&TcpConnection::on_log_interval, TcpConnection>(), this) {
  transport_->bind_info(info_);
  transport_->set_handler(*this);
  transport_->set_output_limit(service_->listener().buffer_limit_bytes);
  stream_.connection = &info_;
  stream_.start = service_->loop().now();
  stream_.start_time = service_->loop().system_now();
  stream_.downstream_remote = info_.remote;
}

TcpConnection::~TcpConnection() {
  if (place_ != nullptr) *place_ = nullptr;
}

void TcpConnection::start() {
  service_->stats().downstream_cx_total.inc();
  if (auto limit = config().max_downstream_connection_duration) {
    double share = static_cast<double>(service_->worker().random() % 10'000) / 10'000;
    auto jitter = static_cast<double>(limit->count()) * config().max_duration_jitter_percent / 100;
    duration_timer_.start(*limit + milliseconds(static_cast<int64_t>(jitter * share)));
  }
  if (config().access_log_flush_interval) log_timer_.start(*config().access_log_flush_interval);
  add_proxy_protocol_facts();
  using Mode = config::TcpProxy::ConnectMode;
  bool waits = config().connect_mode == Mode::on_downstream_data ||
               (config().connect_mode == Mode::on_downstream_tls_handshake && service_->tls());
  if (waits) return;
  begin_connecting();
}

// What the upstream connection's PROXY protocol header is made of, where no such header came with
// the connection.
void TcpConnection::add_proxy_protocol_facts() {
  if (config().proxy_protocol_tlvs.empty()) return;
  auto& facts = info_.make_extras().proxy_protocol;
  if (!facts) facts.emplace(ProxyProtocolInfo{info_.remote, info_.local, 2, {}});
  for (const config::TcpProxy::Tlv& tlv : config().proxy_protocol_tlvs) {
    bool known = std::any_of(facts->tlvs.begin(), facts->tlvs.end(),
                             [&](const auto& each) { return each.first == tlv.type; });
    observe::LogContext context{stream_};
    if (!known)
      facts->tlvs.emplace_back(
          tlv.type, std::string(observe::evaluate_to_arena(tlv.value, context, *arena_)));
  }
}

void TcpConnection::begin_connecting() {
  state_ = State::connecting;
  update_reading();
  attempt();
}

upstream::WorkerCluster* TcpConnection::choose_cluster() {
  metadata_match_ = config().metadata_match.get();
  if (const std::string* name = info_.find_filter_state(kClusterState)) {
    cluster_name_ = *name;
    return service_->clusters().find(cluster_name_);
  }
  const auto& chosen = weighted_cluster(config(), service_->worker().random());
  if (chosen.metadata_match != nullptr) metadata_match_ = chosen.metadata_match.get();
  cluster_name_ = chosen.cluster.name;
  return service_->clusters().find(chosen.cluster.slot);
}

bool TcpConnection::ask_for_cluster() {
  const OnDemandClusters& on_demand = config().on_demand;
  if (on_demand.demand == nullptr || place_ != nullptr || cluster_name_.empty()) return false;
  service_->stats().on_demand_cluster_attempt.inc();
  asked_ = service_->loop().now();
  place_ = std::make_shared<TcpConnection*>(this);
  on_demand.demand->ask(std::string(cluster_name_), on_demand.timeout,
                        [place = place_, &loop = service_->loop()] {
                          loop.post([place] {
                            if (*place != nullptr) (*place)->cluster_answered();
                          });
                        });
  return true;
}

// It is there, or it is not coming.
void TcpConnection::cluster_answered() {
  if (state_ != State::connecting) return;
  TcpStats& stats = service_->stats();
  if (service_->clusters().find(cluster_name_) != nullptr) {
    stats.on_demand_cluster_success.inc();
  } else if (service_->loop().now() - asked_ >= config().on_demand.timeout) {
    stats.on_demand_cluster_timeout.inc();
  } else {
    stats.on_demand_cluster_missing.inc();
  }
  attempt();
}

void TcpConnection::attempt() {
  arena_.emplace(service_->loop().chunks());  // the last attempt's head is not needed any more
  upstream::WorkerCluster* cluster = choose_cluster();
  if (cluster == nullptr) {
    if (ask_for_cluster()) return;
    service_->stats().downstream_cx_no_route.inc();
    end(ResponseFlag::no_cluster_found, CloseHow::flush);
    return;
  }
  cluster_ = cluster->config_ptr();
  stream_.upstream_cluster = cluster_.get();
  if (!admit(*cluster)) return;
  upstream::LbContext context;
  context.random = service_->worker().random();
  context.hash = connection_hash(config(), info_);
  if (cluster->has_subsets()) {
    const MetadataStruct* found =
        info_.extras == nullptr ? nullptr : upstream::lb_metadata(info_.extras->metadata);
    context.criteria = upstream::merge_criteria(metadata_match_, found, nullptr, *arena_);
  }
  context.connection = &info_;
  upstream::Host* host = cluster->pick_host(context);
  if (host == nullptr) {
    cluster->stats().upstream_cx_none_healthy.inc();
    end(ResponseFlag::no_healthy_upstream, CloseHow::flush);
    return;
  }
  connect(*cluster, *host);
}

bool TcpConnection::admit(upstream::WorkerCluster& cluster) {
  if (cluster.limits(false).connections.reached()) {
    cluster.stats().upstream_cx_overflow.inc();
    end(ResponseFlag::upstream_overflow, CloseHow::flush);
    return false;
  }
  if (attempts_ >= config().max_connect_attempts) {
    cluster.stats().upstream_cx_connect_attempts_exceeded.inc();
    end(ResponseFlag::upstream_retry_limit_exceeded, CloseHow::flush);
    return false;
  }
  return true;
}

void TcpConnection::connect(upstream::WorkerCluster& cluster, upstream::Host& host) {
  stream_.attempt_count = ++attempts_;
  host_ = upstream::HostRef(&host);
  stream_.upstream_endpoint = host.endpoint.get();
  stream_.upstream_remote = host.endpoint->address;
  stream_.upstream_hostname = host.endpoint->hostname;
  upstream::NeedsSource source;
  source.connection = &info_;
  upstream::ConnectionNeeds needs = upstream::find_needs(cluster.config(), host, source);
  if (!config().tunneling) {
    link_.start(cluster.tunnel_pool(host, false, needs), nullptr);
    return;
  }
  bool tls = host.transport_socket != nullptr && host.transport_socket->tls != nullptr;
  observe::LogContext context{stream_};
  const http::HeaderMap& head = make_tunnel_head(*config().tunneling, context, tls, *arena_);
  link_.start(cluster.pool(host, false, http::Protocol::http11, needs), &head);
}

void TcpConnection::on_upstream_connection(upstream::ClientConnection& connection) {
  stream_.upstream_connection_id = connection.id();
  stream_.upstream_local = connection.local_address();
  stream_.upstream_remote = connection.remote_address();
  stream_.upstream_tls = connection.tls();
  if (connection.pool().kind() != upstream::PoolKind::tunnel)
    stream_.upstream_protocol = connection.protocol();
}

void TcpConnection::on_upstream_ready(const http::HeaderMap* head) {
  state_ = State::open;
  host_->note_connected_at_last();
  stream_.upstream_transport_failure_reason = stream_.cause = {};
  idle_limit_ = idle_timeout(config(), info_);
  if (head != nullptr && config().tunneling->propagate_response_headers) {
    info_.make_extras().filter_state.set("envoy.tcp_proxy.propagate_response_headers",
                                         head_text(*head));
  }
  if (config().flush_access_log_on_connected) log(observe::AccessLogType::tcp_upstream_connected);
  note_activity();
  std::string early = std::exchange(early_, {});
  if (!early.empty()) {
    stream_.upstream_request_body_bytes += early.size();
    link_.send(early, downstream_ended_);
  } else if (downstream_ended_) {
    link_.send({}, true);
  }
  if (state_ == State::open) update_reading();
}

void TcpConnection::on_upstream_failed(upstream::PoolFailure failure, std::string_view detail) {
  if (failure == upstream::PoolFailure::overflow) {
    end(ResponseFlag::upstream_overflow, CloseHow::flush);
    return;
  }
  using Failure = upstream::HostState::Failure;
  host_->note_failure(failure == upstream::PoolFailure::connect_timeout ? Failure::timeout
                                                                        : Failure::connect);
  stream_.flags.set(ResponseFlag::upstream_connection_failure);
  bool refused = failure == upstream::PoolFailure::connection_failure && !config().tunneling;
  failure_reason_ = refused ? "delayed_connect_error: " : "";
  failure_reason_ += detail;
  cause_ = "no connection to the upstream: ";
  cause_ += detail;
  stream_.upstream_transport_failure_reason = failure_reason_;
  stream_.cause = cause_;
  retry_later();
}

// Not from inside the pool's call, which may come from inside attempt(): many attempts must not
// become a deep stack.
void TcpConnection::retry_later() {
  milliseconds base = config().backoff_base;
  if (base.count() == 0 || attempts_ >= config().max_connect_attempts) {
    service_->loop().run_soon(attempt_task_);
    return;
  }
  uint64_t ceiling = static_cast<uint64_t>(base.count()) << std::min(attempts_ - 1, 20u);
  ceiling = std::min(ceiling, static_cast<uint64_t>(config().backoff_max.count()));
  uint64_t wait = service_->worker().random() % std::max<uint64_t>(ceiling, 1);
  retry_timer_.start(milliseconds(std::max<uint64_t>(wait, 1)));
}

void TcpConnection::on_connected() {
  tls_ = transport_->tls();
  info_.tls = tls_.get();
  using Mode = config::TcpProxy::ConnectMode;
  if (state_ == State::waiting && config().connect_mode == Mode::on_downstream_tls_handshake)
    begin_connecting();
}

void TcpConnection::on_data(Bytes bytes) {
  if (state_ == State::closing || state_ == State::closed) return;
  stream_.request_body_bytes += bytes.size();
  service_->stats().downstream_cx_rx_bytes_total.add(bytes.size());
  if (state_ != State::open) {
    keep_early(bytes);
    return;
  }
  stream_.upstream_request_body_bytes += bytes.size();
  note_activity();
  link_.send(bytes, false);
}

void TcpConnection::keep_early(Bytes bytes) {
  if (early_.empty()) service_->stats().early_data_received_count_total.inc();
  early_.append(bytes);
  bool begins = state_ == State::waiting &&
                config().connect_mode == config::TcpProxy::ConnectMode::on_downstream_data;
  update_reading();
  if (begins) begin_connecting();
}

void TcpConnection::on_eof() {
  if (state_ == State::closing || state_ == State::closed) return;
  downstream_ended_ = true;
  if (state_ == State::waiting && early_.empty()) {
    end({}, CloseHow::flush);
  } else if (state_ == State::open) {
    note_activity();
    link_.send({}, true);
    end_if_both_ended();
  }
}

void TcpConnection::on_upstream_data(Bytes bytes, bool end_stream) {
  if (state_ != State::open) return;
  note_activity();
  stream_.response_body_bytes += bytes.size();
  stream_.upstream_response_body_bytes += bytes.size();
  service_->stats().downstream_cx_tx_bytes_total.add(bytes.size());
  if (!bytes.empty()) transport_->write(bytes);
  if (!end_stream) return;
  upstream_ended_ = true;
  transport_->shutdown_write();
  end_if_both_ended();
}

void TcpConnection::on_upstream_trailers(const http::HeaderMap& trailers) {
  if (config().tunneling->propagate_response_trailers) {
    info_.make_extras().filter_state.set("envoy.tcp_proxy.propagate_response_trailers",
                                         head_text(trailers));
  }
  on_upstream_data({}, true);
}

// Octets that the upstream sent before its RST are lost, as they would be without a proxy.
void TcpConnection::on_upstream_cut(http::ResetReason reason, std::string_view detail) {
  if (state_ == State::closing && waits_for_upstream_) remove();
  if (state_ != State::open) return;
  bool by_us = reason == http::ResetReason::local_reset;
  if (!by_us) {
    stream_.upstream_close_type = CloseType::remote_reset;
    cause_ = "the upstream reset the connection: ";
    cause_ += detail;
    stream_.cause = cause_;
  }
  end(by_us ? ResponseFlags() : ResponseFlag::upstream_remote_reset,
      by_us ? CloseHow::flush : CloseHow::reset);
}

void TcpConnection::on_upstream_blocked(bool blocked) {
  if (upstream_blocked_ == blocked) return;
  upstream_blocked_ = blocked;
  TcpStats& stats = service_->stats();
  (blocked ? stats.downstream_flow_control_paused_reading_total
           : stats.downstream_flow_control_resumed_reading_total)
      .inc();
  update_reading();
}

void TcpConnection::on_write_blocked() {
  if (state_ != State::open || upstream_ended_) return;
  link_.pause(true);
  cluster_stats().upstream_flow_control_paused_reading_total.inc();
}

void TcpConnection::on_write_resumed() {
  if (state_ != State::open || upstream_ended_) return;
  note_activity();
  link_.pause(false);
  cluster_stats().upstream_flow_control_resumed_reading_total.inc();
}

// Before there is an upstream, only what may be kept for it is read.
void TcpConnection::update_reading() {
  bool pause = upstream_blocked_;
  if (state_ == State::connecting)
    pause = early_.size() >= config().max_early_data_bytes.value_or(0);
  if (pause != std::exchange(reading_paused_, pause)) transport_->pause_reading(pause);
}

void TcpConnection::note_activity() {
  if (idle_limit_) idle_timer_.start(*idle_limit_);
}

}  // namespace outrigger::tcp
