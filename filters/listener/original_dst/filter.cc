#include "filters/listener/original_dst/filter.h"

#include <string>

namespace outrigger::filters::original_dst {
namespace {

constexpr std::string_view kName = "envoy.filters.listener.original_dst";

// "10.0.0.1:80" or "[::1]:80"
std::optional<net::Address> parse(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  uint32_t port = 0;
  for (char c : text.substr(colon + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<uint32_t>(c - '0');
    if (port > 0xffff) return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::Address::from_ip(host, static_cast<uint16_t>(port));
}

std::optional<net::Address> parse(const std::string* text) {
  return text == nullptr ? std::nullopt : parse(std::string_view(*text));
}

const std::string* metadata_text(const ConnectionExtras& extras, const char* key) {
  std::string path[] = {key};
  const MetadataValue* value = extras.metadata.find(kName, path);
  return value == nullptr ? nullptr : value->string();
}

// Whoever opened the connection says where it was going, and from where.
void restore_internal(DownstreamConnectionInfo& info) {
  if (info.extras == nullptr) return;
  std::string state(kName);
  auto local = parse(metadata_text(*info.extras, "local"));
  if (!local) local = parse(info.find_filter_state(state + ".local_ip"));
  if (local) {
    info.local = *local;
    info.local_restored = true;
  }
  auto remote = parse(metadata_text(*info.extras, "remote"));
  if (!remote) remote = parse(info.find_filter_state(state + ".remote_ip"));
  if (remote) info.remote = *remote;
}

}  // namespace

ListenerFilterVerdict OriginalDst::look(ListenerFilterContext& context, Bytes /*data*/,
                                        bool /*end_stream*/, size_t& /*consumed*/) {
  DownstreamConnectionInfo& info = context.info();
  if (info.direct_local.is_internal()) {
    restore_internal(info);
  } else if (auto destination = context.original_destination()) {
    info.local = *destination;
    info.local_restored = true;
  }
  return ListenerFilterVerdict::next();
}

}  // namespace outrigger::filters::original_dst
