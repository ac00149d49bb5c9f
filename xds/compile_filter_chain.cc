#include "xds/compile_filter_chain.h"

#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"

#include "api/stats_server.h"
#include "xds/compile_filter_chain_match.h"
#include "xds/compile_metadata.h"
#include "xds/compile_network_filters.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::listener::v3::FilterChain;
using envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;

void compile_transport(const FilterChain& chain, config::FilterChain& out, FieldErrors& errors) {
  if (chain.has_transport_socket_connect_timeout())
    out.transport_connect_timeout = to_milliseconds(chain.transport_socket_connect_timeout());
  if (!chain.has_transport_socket() ||
      is_type(chain.transport_socket().typed_config(), RawBuffer::descriptor()->full_name()))
    return;
  errors.add("transport_socket",
             fmt::format("'{}' is not supported by Outrigger", chain.transport_socket().name()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<config::FilterChain>> compile_filter_chain(
    const FilterChain& chain, const ListenerStatNames& names, CompileEnvironment& environment,
    const ClusterExists& cluster_exists) {
  FieldErrors errors;
  auto out = std::make_shared<config::FilterChain>();
  out->name = chain.name();
  out->match = errors.take_nested("filter_chain_match",
                                  compile_filter_chain_match(chain.filter_chain_match()));
  out->metadata = compile_metadata(chain.metadata());
  compile_transport(chain, *out, errors);
  errors.add_nested(
      "", compile_network_filters(chain.filters(), environment, cluster_exists, *out));
  if (!errors.empty()) return errors.status();
  if (out->http != nullptr)
    out->http_stats =
        names.http_scope<ListenerHttpStats>(out->http->stat_prefix, environment.stats);
  return out;
}

}  // namespace outrigger::xds
