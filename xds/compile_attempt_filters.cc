#include "xds/compile_attempt_filters.h"

#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/filters/http/header_mutation/v3/header_mutation.pb.h"
#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include "xds/compile_filters.h"
#include "xds/field_errors.h"
#include "xds/filter_compile_context.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using MutationFilter = envoy::extensions::filters::http::header_mutation::v3::HeaderMutation;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
using UpstreamOptions = envoy::extensions::upstreams::http::v3::HttpProtocolOptions;

constexpr std::string_view kCodec = "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec";

bool ends_chain(const HttpFilter& filter) {
  return packed_type(filter.typed_config()) == kCodec;
}

// An attempt does not wait for its filters: only what answers at once can be one.
bool is_known(const HttpFilter& filter) {
  return packed_type(filter.typed_config()) == MutationFilter::descriptor()->full_name();
}

absl::StatusOr<config::HttpFilterEntry> compile_one(const HttpFilter& filter,
                                                    CompileContext& context) {
  FieldErrors errors;
  config::HttpFilterEntry out;
  out.name = filter.name();
  out.disabled = filter.disabled();
  if (filter.has_config_discovery()) {
    errors.add("config_discovery", "filters of attempts cannot be discovered");
  } else if (!is_known(filter)) {
    errors.add("typed_config", fmt::format("the type '{}' is not supported by Outrigger as a "
                                           "filter of attempts",
                                           filter.typed_config().type_url()));
  } else {
    out.factory = errors.take_nested(
        "typed_config", compile_http_filter(filter.name(), filter.typed_config(), context));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_attempt_filters(
    const HttpFilterMessages& filters, std::string_view field, CompileContext& context) {
  if (filters.empty()) return std::shared_ptr<const config::UpstreamFilters>();
  FieldErrors errors;
  auto out = std::make_shared<config::UpstreamFilters>();
  for (int i = 0; i < filters.size(); ++i) {
    const HttpFilter& filter = filters.Get(i);
    bool last = i + 1 == filters.size();
    if (ends_chain(filter) != last) {
      errors.add(indexed(field, i),
                 last ? fmt::format("filter '{}' is the last of the chain, but it is not terminal: "
                                    "the upstream codec must be",
                                    filter.name())
                      : fmt::format("terminal filter '{}' must be the last filter of the chain",
                                    filter.name()));
    }
    if (ends_chain(filter) || (filter.is_optional() && !is_known(filter))) continue;
    out->filters.push_back(errors.take_nested(indexed(field, i), compile_one(filter, context)));
  }
  if (!errors.empty()) return errors.status();
  if (out->filters.empty()) return std::shared_ptr<const config::UpstreamFilters>();
  return out;
}

absl::StatusOr<std::shared_ptr<const config::UpstreamFilters>> compile_attempt_filters(
    const envoy::config::cluster::v3::Cluster& cluster, CompileEnvironment& environment) {
  const auto& all = cluster.typed_extension_protocol_options();
  auto found = all.find(UpstreamOptions::descriptor()->full_name());
  UpstreamOptions options;
  if (found == all.end() || !found->second.UnpackTo(&options) || options.http_filters().empty())
    return std::shared_ptr<const config::UpstreamFilters>();
  FilterCompileContext context(environment, fmt::format("cluster.{}.", stat_name(cluster.name())));
  auto filters = compile_attempt_filters(options.http_filters(), "http_filters", context);
  if (filters.ok()) return filters;
  FieldErrors errors;
  errors.add_nested(fmt::format("typed_extension_protocol_options[\"{}\"]",
                                UpstreamOptions::descriptor()->full_name()),
                    filters.status());
  return errors.status();
}

}  // namespace outrigger::xds
