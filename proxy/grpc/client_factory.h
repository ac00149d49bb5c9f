// ClusterClients: gRPC clients over the clusters of ONE thread: their balancers, pools, TLS and
// statistics. Thread: that of the table. Lifetime: longer than its clients.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "api/grpc/client.h"
#include "proxy/grpc/request_head.h"
#include "proxy/runtime/loop.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger::grpc {

class ClusterClients final : public ClientFactory {
 public:
  // Where calls come from outside the loop's turns, `wake` is called before each; nullptr: all come
  // from inside.
  using Wake = std::function<void()>;
  ClusterClients(runtime::Loop& loop, upstream::ClusterTable& clusters, uint64_t seed,
                 CallerIdentity caller = {}, Wake wake = nullptr);

  // A cluster of the service's own is put into the table if it is not there.
  std::unique_ptr<Client> make(const config::GrpcService& service) override;

  // For its clients.
  runtime::Loop& loop() { return loop_; }
  upstream::ClusterTable& clusters() { return clusters_; }
  const CallerIdentity& caller() const { return caller_; }
  uint64_t random();
  void wake() {
    if (wake_ != nullptr) wake_();
  }

 private:
  runtime::Loop& loop_;
  upstream::ClusterTable& clusters_;
  uint64_t random_;
  CallerIdentity caller_;
  Wake wake_;
};

}  // namespace outrigger::grpc
