// SetFilterStateFilter: leaves values for later filters, for the upstream's connection and for
// logs: the filter's own first, then those of the route's levels. Thread: the stream's worker.
// Lifetime: the stream's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/set_filter_state
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/http_filter.h"
#include "api/metadata.h"

namespace outrigger::filters::set_filter_state {

// What an object is made from; a value that is none of the kind makes no object.
enum class ObjectKind : uint8_t {
  text,
  number,
  ip,
  address  // with port
};

bool is_valid(ObjectKind kind, std::string_view value);

struct Value {
  std::string key;
  ObjectKind kind = ObjectKind::text;
  config::LogFormat format;
  bool skip_if_empty = false;
  FilterStateOptions options;
};

struct ValuesRouteConfig final : FilterRouteConfig {
  std::vector<Value> values;
};

class SetFilterStateFilter final : public HttpFilter {
 public:
  explicit SetFilterStateFilter(const std::vector<Value>& values) : values_(values) {}

  Verdict on_request_headers(FilterContext& context, http::HeaderMap& headers,
                             bool end_stream) override;

 private:
  const std::vector<Value>& values_;
};

class SetFilterStateFactory final : public HttpFilterFactory {
 public:
  explicit SetFilterStateFactory(std::vector<Value> values) : values_(std::move(values)) {}
  ArenaPtr<HttpFilter> create(Arena& arena) const override;

 private:
  std::vector<Value> values_;
};

}  // namespace outrigger::filters::set_filter_state
