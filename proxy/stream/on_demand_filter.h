// OnDemandFilter: lets a request for an unknown virtual host wait until the management server was
// asked for it. Thread: the stream's worker; the answer comes through the loop's mailbox. Lifetime:
// the stream's; an answer that comes later finds nobody.
#pragma once

#include <memory>

#include "api/filter/host_demand.h"

namespace outrigger::stream {

class Stream;

class OnDemandFilter final : public HttpFilter {
 public:
  explicit OnDemandFilter(Stream& stream) : stream_(stream) {}
  ~OnDemandFilter() override;

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) override;

 private:
  void answered();

  Stream& stream_;
  FilterContext* context_ = nullptr;
  // Where the answer finds the filter; nullptr inside: it is gone. Only the worker looks inside.
  std::shared_ptr<OnDemandFilter*> place_;
};

}  // namespace outrigger::stream
