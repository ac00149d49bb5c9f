#include "proxy/net/filtered_chain.h"

#include <algorithm>
#include <utility>

namespace outrigger::net {
namespace {

// A connection that its filters refused, for the end of the turn.
class Refused final : public runtime::Deferred {
 public:
  explicit Refused(std::unique_ptr<FilteredTransport> transport)
      : transport_(std::move(transport)) {}

 private:
  std::unique_ptr<FilteredTransport> transport_;
};

}  // namespace

std::unique_ptr<ChainHandler> wrap_filters(const config::ListenerPtr& listener,
                                           const config::FilterChainPtr& chain,
                                           ConnectionServices& services,
                                           std::unique_ptr<ChainHandler> end) {
  if (chain->filters.empty()) return end;
  return std::make_unique<FilteredChain>(listener, chain, services, std::move(end));
}

FilteredChain::FilteredChain(config::ListenerPtr listener, config::FilterChainPtr chain,
                             ConnectionServices& services, std::unique_ptr<ChainHandler> end)
    : listener_(std::move(listener)),
      chain_(std::move(chain)),
      services_(services),
      counts_(*listener_, services.worker),
      end_(std::move(end)) {}

FilteredChain::~FilteredChain() {
  close_all();
}

// Counted here while it is held, and by the chain's end after that.
void FilteredChain::on_connection(std::unique_ptr<runtime::Transport> transport,
                                  DownstreamConnectionInfo info) {
  counts_.note_held();
  held_.push_back(std::make_unique<FilteredTransport>(std::move(transport), std::move(info),
                                                      *chain_, services_, *this));
  held_.back()->start();
}

std::unique_ptr<FilteredTransport> FilteredChain::take(FilteredTransport& transport) {
  auto at = std::find_if(held_.begin(), held_.end(),
                         [&](const auto& held) { return held.get() == &transport; });
  std::unique_ptr<FilteredTransport> taken = std::move(*at);
  *at = std::move(held_.back());
  held_.pop_back();
  counts_.note_let_go();
  return taken;
}

void FilteredChain::on_admitted(FilteredTransport& transport) {
  std::unique_ptr<FilteredTransport> taken = take(transport);
  DownstreamConnectionInfo info = transport.take_info();
  end_->on_connection(std::move(taken), std::move(info));
  transport.begin();  // whatever became of it, it lives until the turn's end
}

void FilteredChain::on_turned_away(FilteredTransport& transport) {
  counts_.note_ended(services_.loop.now() - transport.started());
  end_->on_refused(transport.facts());
  services_.loop.defer_delete(std::make_unique<Refused>(take(transport)));
}

void FilteredChain::close_all() {
  while (!held_.empty()) held_.back()->close_now();
  end_->close_all();
}

}  // namespace outrigger::net
