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
      connection_services_{parts.number, *loop_, services_.runtime,
                           [this] { return random_.next(); }},
      chain_handlers_(connection_services_, services_),
      internal_listeners_(*loop_, directory_),
      listener_services_{
          connection_services_, directory_, parts.logs,
          [this](const config::ListenerPtr& listener, const config::FilterChainPtr& chain) {
            return chain_handlers_.make(listener, chain);
          }} {}

Worker::~Worker() = default;

absl::Status Worker::add_listener(std::shared_ptr<net::ListenerShare> share) {
  auto listener = std::make_unique<net::Listener>(std::move(share), listener_services_);
  if (absl::Status status = listener->start(); !status.ok()) return status;
  listeners_.push_back(std::move(listener));
  return absl::OkStatus();
}

std::vector<net::Address> Worker::bound_addresses(size_t listener) const {
  return listeners_[listener]->bound_addresses();
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  std::string name = "wrk:worker_" + std::to_string(number_);
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  loop_->run();
  // Cut what is left while the loop that it belongs to is still there.
  for (auto& listener : listeners_) {
    listener->stop();
    listener->close_all();
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
    for (auto& listener : listeners_) {
      if (chosen(listener->config())) listener->stop();
    }
  });
}

void Worker::drain(ListenerChoice chosen) {
  loop_->post([this, chosen = std::move(chosen)] {
    for (auto& listener : listeners_) {
      if (chosen(listener->config())) listener->drain();
    }
  });
}

void Worker::set_runtime(config::RuntimeSnapshotPtr runtime) {
  loop_->post(
      [this, runtime = std::move(runtime)]() mutable { services_.runtime = std::move(runtime); });
}

void Worker::update_endpoints(uint32_t slot, upstream::EndpointSetPtr endpoints) {
  loop_->post([this, slot, endpoints = std::move(endpoints)]() mutable {
    clusters_.update_endpoints(slot, std::move(endpoints));
  });
}

void Worker::count_connections(std::function<void(size_t)> done) {
  loop_->post([this, done = std::move(done)] {
    size_t n = 0;
    for (auto& listener : listeners_) n += listener->connection_count();
    done(n);
  });
}

}  // namespace outrigger
