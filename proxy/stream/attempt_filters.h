// AttemptFilters: the filters that one attempt passes between the router and the upstream's codec.
// None of them waits, holds or answers, so that an attempt is never kept here. Thread: the stream's
// worker. Lifetime: in the stream's arena, its UpstreamRequest's.
#pragma once

#include "api/arena.h"
#include "api/http/header_map.h"

namespace outrigger::config {
struct HttpFilterEntry;
struct UpstreamFilters;
}  // namespace outrigger::config

namespace outrigger::stream {

class FilterSlot;
class Stream;

class AttemptFilters {
 public:
  AttemptFilters(Stream& stream, const config::UpstreamFilters& config);
  AttemptFilters(const AttemptFilters&) = delete;
  AttemptFilters& operator=(const AttemptFilters&) = delete;
  ~AttemptFilters();

  void request_headers(http::HeaderMap& headers, bool end_stream);
  void request_trailers(http::HeaderMap& trailers);
  // In reverse.
  void response_headers(http::HeaderMap& headers, bool end_stream);
  void response_trailers(http::HeaderMap& trailers);

 private:
  void add(Stream& stream, const config::HttpFilterEntry& entry);

  FilterSlot** slots_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace outrigger::stream
