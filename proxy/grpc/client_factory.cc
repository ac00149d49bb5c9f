#include "proxy/grpc/client_factory.h"

#include <utility>

#include "proxy/grpc/call.h"

namespace outrigger::grpc {
namespace {

class ClusterClient final : public Client {
 public:
  ClusterClient(ClusterClients& clients, const config::GrpcService& service)
      : clients_(clients), service_(service) {}

  std::unique_ptr<Stream> open(std::string_view method, StreamHandler& handler,
                               const CallOptions& options) override {
    clients_.wake();
    return std::make_unique<CallHandle>(new Call(clients_, service_, method, handler, options));
  }

 private:
  ClusterClients& clients_;
  config::GrpcService service_;
};

}  // namespace

ClusterClients::ClusterClients(runtime::Loop& loop, upstream::ClusterTable& clusters, uint64_t seed,
                               CallerIdentity caller, Wake wake)
    : loop_(loop),
      clusters_(clusters),
      random_(seed),
      caller_(std::move(caller)),
      wake_(std::move(wake)) {}

std::unique_ptr<Client> ClusterClients::make(const config::GrpcService& service) {
  if (service.own_cluster != nullptr && clusters_.find(service.own_cluster->ref.slot) == nullptr)
    clusters_.set_clusters({service.own_cluster});
  return std::make_unique<ClusterClient>(*this, service);
}

// splitmix64: the choice of a host needs no more.
uint64_t ClusterClients::random() {
  uint64_t z = (random_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace outrigger::grpc
