#include "proxy/stream/on_demand_filter.h"

#include <string>

#include "absl/strings/ascii.h"

#include "proxy/stream/stream.h"

namespace outrigger::stream {

OnDemandFilter::~OnDemandFilter() {
  if (place_ != nullptr) *place_ = nullptr;
}

Verdict OnDemandFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  if (context.route() != nullptr) return Verdict::next();
  const auto* entry = stream_.route_table().per_filter.find(HostDemand::kName);
  const auto* demand =
      entry == nullptr ? nullptr : dynamic_cast<const HostDemand*>(entry->config.get());
  if (demand == nullptr) return Verdict::next();
  context_ = &context;
  place_ = std::make_shared<OnDemandFilter*>(this);
  std::string_view host = headers.get(http::HeaderId::authority);
  demand->ask(absl::AsciiStrToLower({host.data(), host.size()}),
              [place = place_, &loop = stream_.services().loop] {
                loop.post([place] {
                  if (*place != nullptr) (*place)->answered();
                });
              });
  return Verdict::wait();
}

void OnDemandFilter::answered() {
  stream_.refresh_routes();
  context_->resume_request();
}

}  // namespace outrigger::stream
