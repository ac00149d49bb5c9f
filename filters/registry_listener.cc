#include "filters/registry_listener.h"

#include "filters/listener/http_inspector/config.h"
#include "filters/listener/original_dst/config.h"
#include "filters/listener/original_src/config.h"
#include "filters/listener/proxy_protocol/config.h"
#include "filters/listener/tls_inspector/config.h"

namespace outrigger::filters {
namespace {

#define LISTENER_NS "envoy.extensions.filters.listener."

// name, message, compile
constexpr ListenerFilterEntry kListenerFilters[] = {
    {"envoy.filters.listener.http_inspector", LISTENER_NS "http_inspector.v3.HttpInspector",
     &http_inspector::compile},
    {"envoy.filters.listener.original_dst", LISTENER_NS "original_dst.v3.OriginalDst",
     &original_dst::compile},
    {"envoy.filters.listener.original_src", LISTENER_NS "original_src.v3.OriginalSrc",
     &original_src::compile},
    {"envoy.filters.listener.proxy_protocol", LISTENER_NS "proxy_protocol.v3.ProxyProtocol",
     &proxy_protocol::compile},
    {"envoy.filters.listener.tls_inspector", LISTENER_NS "tls_inspector.v3.TlsInspector",
     &tls_inspector::compile},
};

#undef LISTENER_NS

}  // namespace

std::span<const ListenerFilterEntry> listener_filters() {
  return kListenerFilters;
}

const ListenerFilterEntry* find_listener_filter(std::string_view config_type) {
  for (const ListenerFilterEntry& entry : kListenerFilters) {
    if (config_type == entry.config_type) return &entry;
  }
  return nullptr;
}

const ListenerFilterEntry* find_listener_filter_by_name(std::string_view name) {
  for (const ListenerFilterEntry& entry : kListenerFilters) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

}  // namespace outrigger::filters
