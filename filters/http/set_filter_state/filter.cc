#include "filters/http/set_filter_state/filter.h"

#include "api/net/address.h"

namespace outrigger::filters::set_filter_state {
namespace {

void apply(const std::vector<Value>& values, FilterContext& context) {
  for (const Value& value : values) {
    std::string_view text = context.render(value.format, {});
    if (text.empty() && value.skip_if_empty) continue;
    if (!is_valid(value.kind, text)) continue;
    context.info()
        .make_extras(context.arena())
        .filter_state.set(value.key, std::string(text), value.options);
  }
}

// "10.0.0.1:80", "[::1]:80"
bool is_address(std::string_view text) {
  size_t colon = text.rfind(':');
  uint64_t port = 0;
  if (colon == std::string_view::npos || !http::parse_decimal(text.substr(colon + 1), port) ||
      port > 0xffff) {
    return false;
  }
  std::string_view ip = text.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  return net::Address::from_ip(ip, 0).has_value();
}

}  // namespace

bool is_valid(ObjectKind kind, std::string_view value) {
  uint64_t number = 0;
  switch (kind) {
    case ObjectKind::text:
      return true;
    case ObjectKind::number:
      return http::parse_decimal(value, number);
    case ObjectKind::ip:
      return net::Address::from_ip(value, 0).has_value();
    case ObjectKind::address:
      return is_address(value);
  }
  return false;
}

Verdict SetFilterStateFilter::on_request_headers(FilterContext& context, http::HeaderMap&, bool) {
  // Route table, virtual host, route, weighted cluster.
  constexpr size_t kLevels = 4;
  apply(values_, context);
  const FilterRouteConfig* configs[kLevels];
  size_t count = context.route_configs(configs, kLevels);
  for (size_t i = 0; i < count; ++i) {
    apply(static_cast<const ValuesRouteConfig*>(configs[i])->values, context);
  }
  return Verdict::next();
}

ArenaPtr<HttpFilter> SetFilterStateFactory::create(Arena& arena) const {
  return make_in_arena<SetFilterStateFilter>(arena, values_);
}

}  // namespace outrigger::filters::set_filter_state
