#include "proxy/stream/attempt_filters.h"

#include "api/config/upstream_filters.h"
#include "proxy/stream/filter_slot.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

AttemptFilters::AttemptFilters(Stream& stream, const config::UpstreamFilters& config) {
  size_t size = config.filters.size() * sizeof(FilterSlot*);
  slots_ = static_cast<FilterSlot**>(stream.arena().allocate(size, alignof(FilterSlot*)));
  for (const config::HttpFilterEntry& entry : config.filters) {
    if (!stream.is_disabled(entry)) add(stream, entry);
  }
}

AttemptFilters::~AttemptFilters() {
  for (unsigned i = 0; i < count_; ++i) {
    slots_[i]->filter().on_stream_end(*slots_[i]);
    slots_[i]->~FilterSlot();
  }
}

void AttemptFilters::add(Stream& stream, const config::HttpFilterEntry& entry) {
  slots_[count_] = stream.arena().make<FilterSlot>(stream, count_, entry, nullptr,
                                                   entry.factory->create(stream.arena()));
  ++count_;
}

void AttemptFilters::request_headers(http::HeaderMap& headers, bool end_stream) {
  for (unsigned i = 0; i < count_; ++i) {
    slots_[i]->path(Direction::request).headers = &headers;
    slots_[i]->filter().on_request_headers(*slots_[i], headers, end_stream);
  }
}

void AttemptFilters::request_trailers(http::HeaderMap& trailers) {
  for (unsigned i = 0; i < count_; ++i)
    slots_[i]->filter().on_request_trailers(*slots_[i], trailers);
}

void AttemptFilters::response_headers(http::HeaderMap& headers, bool end_stream) {
  for (unsigned i = count_; i > 0; --i) {
    FilterSlot& slot = *slots_[i - 1];
    slot.path(Direction::response).headers = &headers;
    slot.filter().on_response_headers(slot, headers, end_stream);
  }
}

void AttemptFilters::response_trailers(http::HeaderMap& trailers) {
  for (unsigned i = count_; i > 0; --i)
    slots_[i - 1]->filter().on_response_trailers(*slots_[i - 1], trailers);
}

}  // namespace outrigger::stream
