#include "proxy/worker.h"

#include <pthread.h>
#include <unistd.h>

#include <random>

#include "proxy/stream/http_service.h"

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
      services_{parts.number, *loop_, clusters_,     random_,    parts.server,
                parts.logs,   date_,  parts.runtime, parts.node, host_name()} {}

Worker::~Worker() = default;

absl::Status Worker::add_listener(const config::ListenerPtr& listener,
                                  const std::vector<net::Address>& bound) {
  const config::FilterChainPtr& chain =
      listener->chains.empty() ? listener->default_chain : listener->chains.front();
  auto service = std::make_shared<stream::HttpService>(listener, chain, services_);
  Entry entry;
  entry.connections = std::make_unique<stream::HttpListener>(std::move(service));
  entry.listener = std::make_unique<net::Listener>(listener, *loop_, number_, *entry.connections);
  // Without SO_REUSEPORT only one socket can listen: the first worker's.
  bool first = bound.empty();
  if (first || (listener->reuse_port && listener->address().is_ip())) {
    if (absl::Status status = entry.listener->start(bound); !status.ok()) return status;
  }
  listeners_.push_back(std::move(entry));
  return absl::OkStatus();
}

std::vector<net::Address> Worker::bound_addresses(size_t listener) const {
  return listeners_[listener].listener->bound_addresses();
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  std::string name = "wrk:worker_" + std::to_string(number_);
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  loop_->run();
  // Cut what is left while the loop that it belongs to is still there.
  for (Entry& entry : listeners_) {
    entry.listener->stop();
    entry.connections->close_all();
  }
  clusters_.close_all();
  loop_->collect_deferred();
}

void Worker::stop() {
  loop_->stop();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::stop_listening(ListenerChoice chosen) {
  loop_->post([this, chosen = std::move(chosen)] {
    for (Entry& entry : listeners_) {
      if (chosen(entry.listener->config())) entry.listener->stop();
    }
  });
}

void Worker::drain(ListenerChoice chosen) {
  loop_->post([this, chosen = std::move(chosen)] {
    for (Entry& entry : listeners_) {
      if (chosen(entry.listener->config())) entry.connections->drain();
    }
  });
}

void Worker::set_runtime(config::RuntimeSnapshotPtr runtime) {
  loop_->post(
      [this, runtime = std::move(runtime)]() mutable { services_.runtime = std::move(runtime); });
}

void Worker::count_connections(std::function<void(size_t)> done) {
  loop_->post([this, done = std::move(done)] {
    size_t n = 0;
    for (Entry& entry : listeners_) n += entry.connections->connection_count();
    done(n);
  });
}

}  // namespace outrigger
