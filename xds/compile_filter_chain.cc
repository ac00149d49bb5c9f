#include "xds/compile_filter_chain.h"

#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

#include "api/stats_server.h"
#include "xds/compile_filter_chain_match.h"
#include "xds/compile_metadata.h"
#include "xds/compile_network_filters.h"
#include "xds/compile_tls.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::TransportSocket;
using envoy::config::listener::v3::FilterChain;
using envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;

absl::Status compile_transport(const TransportSocket& socket, const ListenerStatNames& names,
                               CompileEnvironment& environment, config::FilterChain& out) {
  FieldErrors errors;
  const auto& any = socket.typed_config();
  if (is_type(any, RawBuffer::descriptor()->full_name())) return absl::OkStatus();
  DownstreamTlsContext tls;
  if (is_type(any, DownstreamTlsContext::descriptor()->full_name()) && any.UnpackTo(&tls)) {
    TlsStatPlace place{names.prefix(), names.extracted(), names.tags()};
    out.tls = errors.take_nested("typed_config", compile_downstream_tls(tls, environment, place));
  } else {
    errors.add("typed_config",
               fmt::format("transport socket '{}' of type '{}' is not supported by Outrigger",
                           socket.name(), any.type_url()));
  }
  return errors.status();
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
  if (chain.has_transport_socket_connect_timeout())
    out->transport_connect_timeout = to_milliseconds(chain.transport_socket_connect_timeout());
  if (chain.has_transport_socket()) {
    errors.add_nested("transport_socket",
                      compile_transport(chain.transport_socket(), names, environment, *out));
  }
  errors.add_nested("",
                    compile_network_filters(chain.filters(), environment, cluster_exists, *out));
  if (!errors.empty()) return errors.status();
  if (out->http != nullptr)
    out->http_stats =
        names.http_scope<ListenerHttpStats>(out->http->stat_prefix, environment.stats);
  return out;
}

}  // namespace outrigger::xds
