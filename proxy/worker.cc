#include "proxy/worker.h"

#include <pthread.h>
#include <unistd.h>

#include <random>

#include "proxy/stream/forwarding_headers.h"

namespace outrigger {
namespace {

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

Worker::Worker(const WorkerParts& parts)
    : number_(parts.number),
      loop_(runtime::make_epoll_loop()),
      clusters_(*loop_, parts.number, random_seed()),
      random_(random_seed()),
      services_{
          parts.number, *loop_,        clusters_,  random_,     parts.server,           parts.logs,
          date_,        parts.runtime, parts.node, host_name(), stream::find_local_ip()},
      grpc_clients_(*loop_, clusters_, random_seed(),
                    grpc::CallerIdentity{.local_ip = services_.local_ip}),
      connection_services_{parts.number, *loop_, services_.runtime,
                           [this] { return random_.next(); }},
      chain_handlers_(connection_services_, services_),
      internal_listeners_(*loop_, directory_),
      listener_services_{
          connection_services_, directory_, parts.logs,
          [this](const config::ListenerPtr& listener, const config::FilterChainPtr& chain) {
            return chain_handlers_.make(listener, chain);
          }},
      listeners_(listener_services_) {
  if (parts.measures_turns) {
    std::string id = std::to_string(number_);
    dispatcher_scope_ = parts.stats.scope<DispatcherStats>(
        "listener_manager.worker_" + id + ".dispatcher.", "listener_manager.worker.dispatcher.",
        {{"envoy.worker_id", id}});
    loop_->measure(&dispatcher_scope_->local<DispatcherStats>(number_));
  }
  clusters_.set_runtime(&services_.runtime);
  services_.stats = &parts.stats;
  services_.http_client = &http_client_;
  services_.grpc_clients = &grpc_clients_;
}

Worker::~Worker() = default;

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  std::string name = "wrk:worker_" + std::to_string(number_);
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  loop_->run();
  // Cut what is left while the loop that it belongs to is still there.
  listeners_.stop_and_close_all();
  clusters_.close_all();
  loop_->collect_deferred();
}

void Worker::stop() {
  loop_->stop();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::command_listeners(std::function<void(net::WorkerListeners&)> command) {
  loop_->post([this, command = std::move(command)] { command(listeners_); });
}

void Worker::set_runtime(config::RuntimeSnapshotPtr runtime) {
  loop_->post(
      [this, runtime = std::move(runtime)]() mutable { services_.runtime = std::move(runtime); });
}

void Worker::command_clusters(std::function<void(upstream::ClusterTable&)> command) {
  if (!thread_.joinable()) return command(clusters_);
  loop_->post([this, command = std::move(command)] { command(clusters_); });
}

}  // namespace outrigger
