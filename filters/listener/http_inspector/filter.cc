#include "filters/listener/http_inspector/filter.h"

#include "filters/listener/http_inspector/request_line.h"

namespace outrigger::filters::http_inspector {

ListenerFilterVerdict HttpInspector::look(ListenerFilterContext& context, Bytes data,
                                          bool /*end_stream*/, size_t& /*consumed*/) {
  DownstreamConnectionInfo& info = context.info();
  bool plain = info.detected_transport.empty() || info.detected_transport == "raw_buffer";
  if (!plain) return ListenerFilterVerdict::next();
  auto& stats = stats_.local<HttpInspectorStats>(context.worker());
  auto found = [&](Counter& counter, const char* protocol) {
    counter.inc();
    info.make_extras().application_protocols = {protocol};
  };
  switch (sniff(data)) {
    case Sniffed::need_more:
      if (data.size() < kMaxRequestLine) return ListenerFilterVerdict::more();
      stats.read_error.inc();
      return ListenerFilterVerdict::close("the request line is larger than the limit");
    case Sniffed::http10:
      found(stats.http10_found, "http/1.0");
      break;
    case Sniffed::http11:
      found(stats.http11_found, "http/1.1");
      break;
    case Sniffed::http2:
      found(stats.http2_found, "h2c");
      break;
    case Sniffed::not_http:
      stats.http_not_found.inc();
      break;
  }
  return ListenerFilterVerdict::next();
}

}  // namespace outrigger::filters::http_inspector
