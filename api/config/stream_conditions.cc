#include "api/config/stream_conditions.h"

#include <algorithm>

namespace outrigger::config {
namespace {

// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]:80"
std::optional<net::Address> address_of(std::string_view text) {
  if (auto address = net::Address::from_ip(text, 0)) return address;
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return net::Address::from_ip(host, 0);
}

bool certificate_matches(const StreamConditions& conditions, const StreamInfo& info) {
  const TlsConnection* tls = info.connection == nullptr ? nullptr : info.connection->tls;
  bool presented = tls != nullptr && tls->peer_certificate_presented();
  bool validated = tls != nullptr && tls->peer_certificate_validated();
  return conditions.certificate_presented.value_or(presented) == presented &&
         conditions.certificate_validated.value_or(validated) == validated;
}

bool metadata_matches(const StreamConditions& conditions, const StreamInfo& info) {
  static const Metadata kNoMetadata;
  const Metadata& metadata = info.extras == nullptr ? kNoMetadata : info.extras->metadata;
  return std::all_of(conditions.metadata.begin(), conditions.metadata.end(),
                     [&](const MetadataMatcher& each) { return each.matches(metadata); });
}

}  // namespace

bool FilterStateMatch::matches(const std::string* value) const {
  if (value == nullptr) return false;
  if (text) return text->matches(*value);
  std::optional<net::Address> address = address_of(*value);
  return address && std::any_of(ranges.begin(), ranges.end(),
                                [&](const net::Cidr& range) { return range.contains(*address); });
}

const std::string* find_filter_state(const StreamInfo& info, std::string_view name) {
  if (info.extras != nullptr) {
    if (const std::string* found = info.extras->filter_state.find(name)) return found;
  }
  return info.connection == nullptr ? nullptr : info.connection->find_filter_state(name);
}

bool StreamConditions::match(const StreamInfo& info) const {
  return certificate_matches(*this, info) && metadata_matches(*this, info) &&
         std::all_of(filter_state.begin(), filter_state.end(), [&](const FilterStateMatch& each) {
           return each.matches(find_filter_state(info, each.key));
         });
}

}  // namespace outrigger::config
