#include "proxy/stream/client_detection.h"

#include <algorithm>
#include <variant>

namespace outrigger::stream {
namespace {

using http::HeaderId;

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The last item of the list, which loses it.
std::string_view take_last(std::string_view& list) {
  size_t comma = list.rfind(',');
  bool only = comma == std::string_view::npos;
  std::string_view item = only ? list : list.substr(comma + 1);
  list = only ? std::string_view() : list.substr(0, comma);
  return without_blanks(item);
}

bool is_in(const std::vector<net::Cidr>& ranges, const net::Address& address) {
  return std::ranges::any_of(ranges,
                             [&](const net::Cidr& range) { return range.contains(address); });
}

// From the right, the first address that is not a trusted proxy's; if all are, the last one.
std::optional<net::Address> first_stranger(std::string_view list,
                                           const std::vector<net::Cidr>& trusted) {
  std::optional<net::Address> found;
  while (!list.empty()) {
    std::string_view item = take_last(list);
    if (item.empty()) continue;
    found = net::Address::from_ip(item, 0);
    if (!found || !is_in(trusted, *found)) return found;
  }
  return found;
}

struct Find {
  const net::Address& peer;
  const http::HeaderMap& headers;

  FoundClient operator()(const config::ForwardedForDetection& way) const {
    std::string_view list = headers.get(HeaderId::x_forwarded_for);
    FoundClient found;
    if (way.trusted.empty()) {
      found = last_forwarded(list, way.trusted_hops);
    } else if (is_in(way.trusted, peer)) {
      found.address = first_stranger(list, way.trusted);
      found.may_be_trusted = list.find(',') == std::string_view::npos;
    } else {
      found.append_peer = true;  // as Envoy does, whether or not that is to be skipped
    }
    if (!way.skip_append) found.append_peer = true;
    return found;
  }

  FoundClient operator()(const config::HeaderDetection& way) const {
    FoundClient found;
    const http::HeaderField* field = headers.find(way.name);
    if (field != nullptr) found.address = net::Address::from_ip(field->value, 0);
    found.may_be_trusted = way.may_be_trusted;
    if (!found.address) found.rejection = way.rejection;
    return found;
  }
};

}  // namespace

FoundClient last_forwarded(std::string_view list, uint32_t hops) {
  FoundClient found;
  found.may_be_trusted = hops == 0 && list.find(',') == std::string_view::npos;
  for (; !list.empty(); --hops) {
    std::string_view item = take_last(list);
    if (hops != 0) continue;
    found.address = net::Address::from_ip(item, 0);
    break;
  }
  return found;
}

FoundClient find_client(const std::vector<config::ClientDetection>& ways, const net::Address& peer,
                        const http::HeaderMap& headers) {
  FoundClient found;
  bool append_peer = false;
  for (const config::ClientDetection& way : ways) {
    found = std::visit(Find{peer, headers}, way);
    append_peer = append_peer || found.append_peer;
    if (found.address || found.rejection) break;
  }
  found.append_peer = append_peer;
  return found;
}

}  // namespace outrigger::stream
