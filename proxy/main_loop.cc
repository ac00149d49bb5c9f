#include "proxy/main_loop.h"

#include <random>
#include <utility>

#include "boost/asio/post.hpp"

#include "proxy/grpc/client_factory.h"
#include "proxy/stream/forwarding_headers.h"

namespace outrigger {
namespace {

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace

MainLoop::MainLoop(boost::asio::io_context& io)
    : io_(io),
      loop_(runtime::make_driven_epoll_loop()),
      clusters_(*loop_, StatsScope::kMainThread, random_seed()),
      events_(io, loop_->descriptor()),
      timer_(io) {
  grpc::CallerIdentity caller;
  caller.local_ip = stream::find_local_ip();
  grpc_ = std::make_unique<grpc::ClusterClients>(*loop_, clusters_, random_seed(),
                                                 std::move(caller), [this] { wake(); });
  await_events();
}

MainLoop::~MainLoop() {
  close_all();
  events_.release();  // the loop's own
}

void MainLoop::set_clusters(std::vector<config::ClusterPtr> clusters) {
  command([clusters = std::move(clusters)](upstream::ClusterTable& table) {
    table.set_clusters(clusters);
  });
}

void MainLoop::update_endpoints(uint32_t slot, upstream::EndpointSetPtr endpoints) {
  command([slot, endpoints = std::move(endpoints)](upstream::ClusterTable& table) mutable {
    table.update_endpoints(slot, std::move(endpoints));
  });
}

void MainLoop::command(std::function<void(upstream::ClusterTable&)> task) {
  loop_->post([this, task = std::move(task)] { task(clusters_); });
}

void MainLoop::close_all() {
  clusters_.close_all();
  loop_->collect_deferred();
}

void MainLoop::wake() {
  if (in_turn_) return;
  loop_->update_time();
  schedule_turn();
}

// Asio waits edge-triggered, and arming anew tells what is there already.
void MainLoop::await_events() {
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                       if (error) return;
                       turn();
                       await_events();
                     });
}

void MainLoop::schedule_turn() {
  if (std::exchange(scheduled_, true)) return;
  boost::asio::post(io_, [this] {
    scheduled_ = false;
    turn();
  });
}

void MainLoop::turn() {
  in_turn_ = true;
  loop_->take_turn();
  in_turn_ = false;
  auto next = loop_->next_turn();
  if (!next) {
    timer_.cancel();
    return;
  }
  if (next->count() == 0) return schedule_turn();
  timer_.expires_after(*next);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) turn();
  });
}

}  // namespace outrigger
