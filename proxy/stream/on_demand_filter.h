// OnDemandFilter: lets a request wait until the management server was asked for the virtual host
// that its route table does not have, and then for the cluster that its route names. Thread: the
// stream's worker; answers come through the loop's mailbox. Lifetime: the stream's; an answer that
// comes later finds nobody.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/filter/host_demand.h"

namespace outrigger::stream {

class Stream;

class OnDemandFilter final : public HttpFilter {
 public:
  // `factory` stays as long as the stream.
  OnDemandFilter(Stream& stream, const OnDemandFactory& factory)
      : stream_(stream), factory_(factory) {}
  ~OnDemandFilter() override;

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) override;

 private:
  // True: the answer is on its way.
  bool ask_for_host(std::string_view host);
  bool ask_for_cluster();
  const OnDemandClusters& clusters() const;
  // The name of the cluster that the request needs and nobody has; empty: nothing is missing.
  std::string missing_cluster() const;
  std::function<void()> then(void (OnDemandFilter::*act)());
  void host_answered();
  void cluster_answered();

  Stream& stream_;
  const OnDemandFactory& factory_;
  FilterContext* context_ = nullptr;
  // Where the answer finds the filter; nullptr inside: it is gone. Only the worker looks inside.
  std::shared_ptr<OnDemandFilter*> place_;
};

}  // namespace outrigger::stream
