#include "proxy/http2/head_decoder.h"

#include <cstring>

namespace outrigger::http2 {

using http::HeaderField;
using http::HeaderId;
using http::HeaderMap;
using http::UnderscoresAction;

namespace {

constexpr std::string_view kCrumbSeparator = "; ";

// nghttp2 is told to tolerate it, as Envoy does; nobody behind us should see it.
std::string_view trim(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

void HeadDecoder::begin(Arena& arena) {
  *this = HeadDecoder();
  map_ = arena.make<HeaderMap>(arena);
}

HeadDecoder::Verdict HeadDecoder::add(std::string_view name, std::string_view value, Side side,
                                      const http::HeadLimits& limits, http::Http2Stats& stats) {
  HeaderId id = http::header_id(name);
  bool request = side == Side::server;
  if (request && id == HeaderId::other && limits.underscores != UnderscoresAction::allow &&
      name.find('_') != std::string_view::npos) {
    if (limits.underscores == UnderscoresAction::drop_header) {
      stats.dropped_headers_with_underscores.inc();
      return Verdict::ok;
    }
    stats.requests_rejected_with_underscores_in_headers.inc();
    return Verdict::underscore;
  }
  value = trim(value);
  bytes_ += name.size() + value.size();
  bool crumb = request && id == HeaderId::cookie;
  // Crumbs end up as one field, so they count as octets only.
  if (bytes_ > limits.max_bytes || (!crumb && map_->size() >= limits.max_fields))
    return Verdict::too_large;
  Arena& arena = map_->arena();
  if (crumb) {
    add_crumb(arena.copy(value));
  } else if (id != HeaderId::other) {
    map_->add(id, arena.copy(value));
  } else {
    map_->add(arena.copy(name), arena.copy(value));
  }
  return Verdict::ok;
}

void HeadDecoder::add_crumb(std::string_view value) {
  Crumb* crumb = map_->arena().make<Crumb>(Crumb{value, nullptr});
  (last_crumb_ == nullptr ? first_crumb_ : last_crumb_->next) = crumb;
  if (last_crumb_ != nullptr) crumb_bytes_ += kCrumbSeparator.size();
  crumb_bytes_ += value.size();
  last_crumb_ = crumb;
}

std::string_view HeadDecoder::join_crumbs() {
  if (first_crumb_ == last_crumb_) return first_crumb_->value;
  char* to = map_->arena().allocate_chars(crumb_bytes_);
  char* at = to;
  auto put = [&at](std::string_view part) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  };
  for (const Crumb* crumb = first_crumb_; crumb != nullptr; crumb = crumb->next) {
    if (crumb != first_crumb_) put(kCrumbSeparator);
    put(crumb->value);
  }
  return {to, crumb_bytes_};
}

HeaderMap* HeadDecoder::finish() {
  if (map_ == nullptr) return nullptr;
  if (first_crumb_ != nullptr) map_->add(HeaderId::cookie, join_crumbs());
  HeaderMap* map = map_;
  map_ = nullptr;
  // Routing and everything behind it looks at :authority alone; a host beside it must not say
  // something else.
  if (map->has(HeaderId::method)) {
    if (const HeaderField* host = map->find(HeaderId::host)) {
      std::string_view value = host->value;
      map->remove(HeaderId::host);
      if (!map->has(HeaderId::authority)) map->add(HeaderId::authority, value);
    }
  }
  return map;
}

}  // namespace outrigger::http2
