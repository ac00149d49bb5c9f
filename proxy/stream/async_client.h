// AsyncHttpClient: http::AsyncClient over the worker's clusters: one attempt for each request, over
// the pools that requests of clients use. Thread: the worker's. Lifetime: as long as its clusters.
#pragma once

#include <memory>
#include <vector>

#include "api/http/async_client.h"
#include "proxy/stream/worker_services.h"

namespace outrigger::stream {

class AsyncHttpClient final : public http::AsyncClient {
 public:
  explicit AsyncHttpClient(WorkerServices& services);
  ~AsyncHttpClient() override;
  std::unique_ptr<http::AsyncCall> start(http::AsyncRequest request,
                                         http::AsyncHandler& handler) override;
  void send(http::AsyncRequest request) override;

 private:
  class Unheard;
  void forget(Unheard& call);

  WorkerServices& services_;
  std::vector<std::unique_ptr<Unheard>> unheard_;  // requests whose answer nobody waits for
};

}  // namespace outrigger::stream
