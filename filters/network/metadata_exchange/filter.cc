#include "filters/network/metadata_exchange/filter.h"

#include "api/tls_connection.h"

namespace outrigger::filters::metadata_exchange {
namespace {

constexpr std::string_view kTooLong = "peer_metadata_too_long";

void note(NetworkFilterContext& context, std::string_view name, std::string value) {
  context.info().make_extras().filter_state.set(name, std::move(value));
}

}  // namespace

NetworkVerdict MetadataExchangeFilter::on_data(NetworkFilterContext& context, Bytes& data,
                                               bool end_stream) {
  begin(context);
  return state_ == State::reading ? read(context, data, end_stream) : NetworkVerdict::next;
}

// A server may speak before its peer has sent anything, and even before the handshake is over:
// nothing can be said in front of that any more, but the peer's hello is still taken off.
void MetadataExchangeFilter::on_write(NetworkFilterContext& context, Bytes) {
  if (state_ != State::undecided) return;
  if (context.info().tls == nullptr) wrote_early_ = true;
  if (!wrote_early_) begin(context);
}

void MetadataExchangeFilter::begin(NetworkFilterContext& context) {
  if (state_ != State::undecided) return;
  const TlsConnection* tls = context.info().tls;
  if (tls == nullptr || tls->alpn() != settings_->protocol) {
    state_ = State::off;
    stats(context).alpn_protocol_not_found.inc();
    return;
  }
  state_ = State::reading;
  reader_ = std::make_unique<PeerHelloReader>();
  stats(context).alpn_protocol_found.inc();
  if (wrote_early_) return;
  stats(context).metadata_added.inc();
  context.write(settings_->hello);
}

NetworkVerdict MetadataExchangeFilter::read(NetworkFilterContext& context, Bytes& data,
                                            bool end_stream) {
  using Read = PeerHelloReader::State;
  Read result = reader_->feed(data, settings_->labels);
  data = reader_->rest();
  if (result == Read::more && !end_stream) {
    data = {};
    return NetworkVerdict::next;
  }
  state_ = State::done;
  if (result == Read::found) {
    note(context, kDownstreamPeer, reader_->peer().text());
    return NetworkVerdict::next;
  }
  note(context, kPeerNotFound, "true");
  PeerExchangeStats& counted = stats(context);
  (result == Read::malformed ? counted.header_not_found : counted.initial_header_not_found).inc();
  if (result != Read::too_long) return NetworkVerdict::next;
  context.close(false, kTooLong);
  return NetworkVerdict::stop;
}

}  // namespace outrigger::filters::metadata_exchange
