// SetMetadataFilter: writes what the configuration says into a request's dynamic metadata. Thread:
// the stream's worker. Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/set_metadata_filter
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/metadata.h"

namespace outrigger::filters::set_metadata {

struct Entry {
  std::string name_space;
  MetadataStruct value;
  bool allow_overwrite = false;
};

// Members of `with` take the place of those of the same key; objects are merged, lists appended.
void merge(const MetadataStruct& with, MetadataStruct& into);

class SetMetadataFilter final : public HttpFilter {
 public:
  explicit SetMetadataFilter(const std::vector<Entry>& entries) : entries_(entries) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;

 private:
  const std::vector<Entry>& entries_;
};

class SetMetadataFactory final : public HttpFilterFactory {
 public:
  explicit SetMetadataFactory(std::vector<Entry> entries) : entries_(std::move(entries)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  std::vector<Entry> entries_;
};

}  // namespace outrigger::filters::set_metadata
