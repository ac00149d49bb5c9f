// TlsInspector: sees whether a connection begins with a ClientHello, and what that asks for: server
// name, application protocols, fingerprints. Thread: the filter its connection's worker; the
// factory any. Semantics: envoy.extensions.filters.listener.tls_inspector.v3.
#pragma once

#include <memory>
#include <string>

#include "api/filter/listener_filter.h"
#include "api/stats.h"
#include "filters/listener/tls_inspector/client_hello.h"

namespace outrigger::filters::tls_inspector {

// tls_inspector.*
#define OUTRIGGER_TLS_INSPECTOR_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(alpn_found)                                                   \
  COUNTER(alpn_not_found)                                               \
  COUNTER(client_hello_too_large)                                       \
  COUNTER(sni_found)                                                    \
  COUNTER(sni_not_found)                                                \
  COUNTER(tls_found)                                                    \
  COUNTER(tls_not_found)                                                \
  HISTOGRAM(bytes_processed)
OUTRIGGER_DEFINE_STATS(TlsInspectorStats, OUTRIGGER_TLS_INSPECTOR_STATS)

struct Settings {
  // A larger ClientHello is nobody's; the octets wait in memory meanwhile.
  static constexpr size_t kLargestHello = 16 * 1024;

  bool ja3 = false;
  bool ja4 = false;
  bool close_on_errors = false;
  size_t max_hello = kLargestHello;
  StatsScopePtr stats;
};

class TlsInspector final : public ListenerFilter {
 public:
  explicit TlsInspector(const Settings& settings) : settings_(settings) {}

  ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                             size_t& consumed) override;
  size_t max_bytes() const override { return settings_.max_hello; }

 private:
  void on_hello(ListenerFilterContext& context, const ClientHello& hello,
                TlsInspectorStats& stats) const;
  ListenerFilterVerdict on_too_large(ListenerFilterContext& context, size_t size,
                                     TlsInspectorStats& stats) const;
  ListenerFilterVerdict on_not_tls(ListenerFilterContext& context, size_t size,
                                   TlsInspectorStats& stats) const;

  const Settings& settings_;  // the factory's; the configuration outlives its connections
};

class TlsInspectorFactory final : public ListenerFilterFactory {
 public:
  explicit TlsInspectorFactory(Settings settings) : settings_(std::move(settings)) {}
  std::unique_ptr<ListenerFilter> create() const override {
    return std::make_unique<TlsInspector>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace outrigger::filters::tls_inspector
