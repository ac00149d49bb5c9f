#include "filters/listener/tls_inspector/filter.h"

#include <algorithm>
#include <utility>

#include "filters/listener/tls_inspector/fingerprint.h"

namespace outrigger::filters::tls_inspector {
namespace {

void note_failure(ListenerFilterContext& context, const char* reason) {
  MetadataStruct& own =
      context.info().make_extras().metadata.of("envoy.filters.listener.tls_inspector");
  own["failure_reason"] = MetadataValue(std::string(reason));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

ListenerFilterVerdict TlsInspector::look(ListenerFilterContext& context, Bytes data,
                                         bool /*end_stream*/, size_t& /*consumed*/) {
  if (data.empty()) return ListenerFilterVerdict::more();
  auto& stats = settings_.stats->local<TlsInspectorStats>(context.worker());
  std::string joined;
  HelloResult result = read_client_hello(data, joined);
  if (result.state == HelloState::not_tls) return on_not_tls(context, data.size(), stats);
  if (result.state == HelloState::need_more) {
    if (data.size() >= settings_.max_hello) return on_too_large(context, data.size(), stats);
    return ListenerFilterVerdict::more();
  }
  on_hello(context, result.hello, stats);
  stats.bytes_processed.record(result.size);
  return ListenerFilterVerdict::next();
}

void TlsInspector::on_hello(ListenerFilterContext& context, const ClientHello& hello,
                            TlsInspectorStats& stats) const {
  DownstreamConnectionInfo& info = context.info();
  stats.tls_found.inc();
  info.detected_transport = "tls";
  info.requested_server_name = lower(hello.server_name());
  (info.requested_server_name.empty() ? stats.sni_not_found : stats.sni_found).inc();
  std::vector<std::string_view> protocols = hello.application_protocols();
  (protocols.empty() ? stats.alpn_not_found : stats.alpn_found).inc();
  if (!protocols.empty())
    info.make_extras().application_protocols.assign(protocols.begin(), protocols.end());
  if (settings_.ja3) info.make_extras().ja3 = ja3(hello);
  if (settings_.ja4) info.make_extras().ja4 = ja4(hello);
}

ListenerFilterVerdict TlsInspector::on_too_large(ListenerFilterContext& context, size_t size,
                                                 TlsInspectorStats& stats) const {
  stats.client_hello_too_large.inc();
  stats.bytes_processed.record(size);
  note_failure(context, "ClientHelloTooLarge");
  return ListenerFilterVerdict::close("the ClientHello is larger than the limit");
}

ListenerFilterVerdict TlsInspector::on_not_tls(ListenerFilterContext& context, size_t size,
                                               TlsInspectorStats& stats) const {
  stats.bytes_processed.record(std::min(size, settings_.max_hello));
  stats.tls_not_found.inc();
  if (settings_.close_on_errors)
    return ListenerFilterVerdict::close("the connection does not begin with a ClientHello");
  note_failure(context, "ClientHelloNotDetected");
  return ListenerFilterVerdict::next();
}

}  // namespace outrigger::filters::tls_inspector
