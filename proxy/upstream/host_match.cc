#include "proxy/upstream/host_match.h"

#include <string>
#include <unordered_map>
#include <utility>

namespace outrigger::upstream {
namespace {

using config::Endpoint;

std::string key_of(const Endpoint& endpoint) {
  return endpoint.address.text() + ' ' + endpoint.hostname;
}

}  // namespace

HostMatch::HostMatch(std::vector<HostRef> before, std::vector<const Endpoint*> endpoints)
    : before_(std::move(before)), endpoints_(std::move(endpoints)) {
  if (endpoints_.size() == before_.size()) return;
  endpoints_.clear();
  for (const HostRef& host : before_) endpoints_.push_back(host->endpoint.get());
}

std::vector<HostRef> HostMatch::match(const std::vector<const Endpoint*>& endpoints,
                                      bool one_name) {
  std::vector<HostRef> out(endpoints.size());
  if (one_name && !endpoints.empty() && !before_.empty()) {
    out.front() = std::move(before_.front());
    std::erase(before_, nullptr);
    return out;
  }
  Places open = match_in_order(endpoints, out);
  std::erase(before_, nullptr);
  if (open.empty() || before_.empty()) return out;
  open = match_objects(endpoints, open, out);
  std::erase(before_, nullptr);
  if (!open.empty() && !before_.empty()) match_addresses(endpoints, open, out);
  std::erase(before_, nullptr);
  return out;
}

HostMatch::Places HostMatch::match_in_order(const std::vector<const Endpoint*>& endpoints,
                                            std::vector<HostRef>& out) {
  Places open;
  places_.assign(endpoints.size(), kNone);
  size_t next = 0;
  size_t missed = 0;  // endpoints since the last that was found
  for (size_t i = 0; i < endpoints.size(); ++i) {
    size_t at = before_.size();
    // Some came; one went; some have others in their places; both.
    for (size_t candidate : {next, next + 1, next + missed, next + missed + 1}) {
      if (candidate < before_.size() && endpoints_[candidate] == endpoints[i]) {
        at = candidate;
        break;
      }
    }
    if (at == before_.size()) {
      ++missed;
      open.push_back(i);
      continue;
    }
    out[i] = std::move(before_[at]);
    places_[i] = static_cast<uint32_t>(at);
    next = at + 1;
    missed = 0;
  }
  return open;
}

HostMatch::Places HostMatch::match_objects(const std::vector<const Endpoint*>& endpoints,
                                           const Places& open, std::vector<HostRef>& out) {
  std::unordered_map<const Endpoint*, size_t> places;
  for (size_t i = 0; i < before_.size(); ++i) places.emplace(before_[i]->endpoint.get(), i);
  Places still_open;
  for (size_t place : open) {
    ++looked_up_;
    auto at = places.find(endpoints[place]);
    if (at == places.end() || before_[at->second] == nullptr) {
      still_open.push_back(place);
    } else {
      out[place] = std::move(before_[at->second]);
    }
  }
  return still_open;
}

void HostMatch::match_addresses(const std::vector<const Endpoint*>& endpoints, const Places& open,
                                std::vector<HostRef>& out) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < before_.size(); ++i) places.emplace(key_of(*before_[i]->endpoint), i);
  for (size_t place : open) {
    auto at = places.find(key_of(*endpoints[place]));
    if (at != places.end() && before_[at->second] != nullptr)
      out[place] = std::move(before_[at->second]);
  }
}

}  // namespace outrigger::upstream
