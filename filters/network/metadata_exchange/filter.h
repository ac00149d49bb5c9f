// MetadataExchange: tells a downstream TCP peer who this proxy is and learns who the peer is, where
// the TLS handshake agreed on it; every other connection passes untouched. States: undecided (the
// handshake's end is not seen) -> off, or reading (what the peer says is not whole) -> done.
// Thread: the connection's worker. Lifetime: the connection's. Semantics: Istio's TCP metadata
// exchange. The upstream side is proxy/upstream/peer_exchange_transport.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/filter/network_filter.h"
#include "api/peer_exchange.h"

namespace outrigger::filters::metadata_exchange {

struct Settings {
  std::string protocol;  // ALPN
  std::vector<std::string> labels;
  std::string hello;
  StatsScopePtr stats;
};

class MetadataExchangeFilter final : public NetworkFilter {
 public:
  explicit MetadataExchangeFilter(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)) {}

  NetworkVerdict on_data(NetworkFilterContext& context, Bytes& data, bool end_stream) override;
  void on_write(NetworkFilterContext& context, Bytes data) override;

 private:
  enum class State : uint8_t {
    undecided,
    off,
    reading,
    done
  };

  void begin(NetworkFilterContext& context);
  NetworkVerdict read(NetworkFilterContext& context, Bytes& data, bool end_stream);
  PeerExchangeStats& stats(NetworkFilterContext& context) const {
    return settings_->stats->local<PeerExchangeStats>(context.worker());
  }

  std::shared_ptr<const Settings> settings_;
  State state_ = State::undecided;
  bool wrote_early_ = false;  // before it was known whether the handshake would agree
  std::unique_ptr<PeerHelloReader> reader_;
};

class MetadataExchangeFactory final : public NetworkFilterFactory {
 public:
  explicit MetadataExchangeFactory(Settings settings)
      : settings_(std::make_shared<const Settings>(std::move(settings))) {}

  std::unique_ptr<NetworkFilter> create() const override {
    return std::make_unique<MetadataExchangeFilter>(settings_);
  }
  const Settings& settings() const { return *settings_; }

 private:
  std::shared_ptr<const Settings> settings_;
};

}  // namespace outrigger::filters::metadata_exchange
