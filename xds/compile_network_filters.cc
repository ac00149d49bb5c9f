#include "xds/compile_network_filters.h"

#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"

#include "filters/registry.h"
#include "xds/compile_tcp_proxy.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/fields.h"
#include "xds/filter_compile_context.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::config::listener::v3::Filter;
using HttpManagerMessage =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using TcpProxyMessage = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using google::protobuf::Any;

absl::Status problem(std::string_view text) {
  FieldErrors errors;
  errors.add("", text);
  return errors.status();
}

struct Compiler {
  CompileEnvironment& environment;
  const ClusterExists& cluster_exists;
  config::FilterChain& out;

  // True: the filter ends the chain.
  absl::StatusOr<bool> compile(const Filter& filter);
};

absl::StatusOr<bool> Compiler::compile(const Filter& filter) {
  const Any& any = filter.typed_config();
  if (HttpManagerMessage http; any.Is<HttpManagerMessage>() && any.UnpackTo(&http)) {
    auto compiled = compile_http_connection_manager(http, environment, cluster_exists);
    if (!compiled.ok()) return compiled.status();
    out.http = *std::move(compiled);
    return true;
  }
  if (TcpProxyMessage tcp; any.Is<TcpProxyMessage>() && any.UnpackTo(&tcp)) {
    auto compiled = compile_tcp_proxy(tcp, environment);
    if (!compiled.ok()) return compiled.status();
    out.tcp = *std::move(compiled);
    return true;
  }
  if (find_no_effect(packed_type(any)) != nullptr) return false;
  const auto* entry = filters::find_network_filter(packed_type(any));
  if (entry == nullptr) {
    return problem(fmt::format("network filter '{}' of type '{}' is not supported by Outrigger",
                               filter.name(), any.type_url()));
  }
  auto message = unpack_any(any);
  if (!message.ok()) return problem(std::string(message.status().message()));
  FilterCompileContext context(environment, "");
  auto factory = entry->compile(**message, context);
  if (!factory.ok()) return factory.status();
  bool terminal = (*factory)->terminal();
  out.filters.push_back({filter.name(), *std::move(factory)});
  return terminal;
}

std::string order_problem(const Filter& filter, bool terminal) {
  if (terminal) {
    return fmt::format("terminal filter '{}' must be the last filter of the chain", filter.name());
  }
  return fmt::format(
      "filter '{}' is the last of the chain, but it is not terminal: an HTTP connection manager, a "
      "TCP proxy, echo or direct_response must be",
      filter.name());
}

}  // namespace

absl::Status compile_network_filters(const google::protobuf::RepeatedPtrField<Filter>& filters,
                                     CompileEnvironment& environment,
                                     const ClusterExists& cluster_exists,
                                     config::FilterChain& out) {
  FieldErrors errors;
  if (filters.empty()) errors.add("filters", "the chain has no filter");
  Compiler compiler{environment, cluster_exists, out};
  for (int i = 0; i < filters.size(); ++i) {
    std::string field = indexed("filters", i);
    auto terminal = compiler.compile(filters.Get(i));
    bool last = i + 1 == filters.size();
    if (!terminal.ok()) {
      errors.add_nested(field + ".typed_config", terminal.status());
    } else if (*terminal != last) {
      errors.add(field, order_problem(filters.Get(i), *terminal));
    }
  }
  return errors.status();
}

}  // namespace outrigger::xds
