// streamInfo(), connectionStreamInfo() and connection(): the facts of stream and connection.
#include <string>

#include "filters/http/lua/filter.h"
#include "filters/http/lua/object.h"
#include "filters/http/lua/run.h"

namespace outrigger::filters::lua {
namespace {

const MetadataStruct kNothing;

const DownstreamConnectionInfo& connection_of(Run& run) {
  return *run.context().info().connection;
}

std::string_view protocol_text(http::Protocol protocol) {
  switch (protocol) {
    case http::Protocol::http10:
      return "HTTP/1.0";
    case http::Protocol::http11:
      return "HTTP/1.1";
    case http::Protocol::http2:
      return "HTTP/2";
  }
  return {};
}

int protocol(lua_State* state, Run& run, Object&) {
  auto known = run.context().info().protocol;
  push_text(state, known ? protocol_text(*known) : std::string_view());
  return 1;
}

int route_name(lua_State* state, Run& run, Object&) {
  const config::Route* route = run.context().route();
  push_text(state, route == nullptr ? std::string_view() : std::string_view(route->name));
  return 1;
}

int virtual_cluster_name(lua_State* state, Run& run, Object&) {
  std::string_view name = run.context().substitute(run.factory().settings().virtual_cluster);
  push_text(state, name == "-" ? std::string_view() : name);
  return 1;
}

int requested_server_name(lua_State* state, Run& run, Object&) {
  push_text(state, connection_of(run).requested_server_name);
  return 1;
}

int remote_address(lua_State* state, Run& run, Object&) {
  push_text(state, run.context().info().downstream_remote.text());
  return 1;
}

template <net::Address DownstreamConnectionInfo::*address>
int address_of(lua_State* state, Run& run, Object&) {
  push_text(state, (connection_of(run).*address).text());
  return 1;
}

int dynamic_metadata(lua_State* state, Run& run, Object&) {
  push_object(state, run, Kind::dynamic_metadata);
  return 1;
}

int connection_metadata(lua_State* state, Run& run, Object&) {
  const auto& extras = connection_of(run).extras;
  push_object(state, run, Kind::metadata,
              extras == nullptr ? &kNothing : &extras->metadata.filters);
  return 1;
}

int typed_metadata(lua_State* state, Run&, Object&) {
  return fail(state, "dynamicTypedMetadata() is not supported: typed metadata is not kept");
}

int filter_state(lua_State* state, Run& run, Object&) {
  push_object(state, run, Kind::filter_state);
  return 1;
}

int tls(lua_State* state, Run& run, Object&) {
  if (connection_of(run).tls == nullptr) {
    lua_pushnil(state);
  } else {
    push_object(state, run, Kind::tls);
  }
  return 1;
}

int drain_connection(lua_State*, Run& run, Object&) {
  run.context().drain_connection();
  return 0;
}

template <net::Address DownstreamConnectionInfo::*address>
constexpr lua_CFunction kAddress = &call_method<Kind::stream_info, &address_of<address>>;

constexpr luaL_Reg kStreamInfo[] = {
    {"protocol", &call_method<Kind::stream_info, &protocol>},
    {"routeName", &call_method<Kind::stream_info, &route_name>},
    {"virtualClusterName", &call_method<Kind::stream_info, &virtual_cluster_name>},
    {"requestedServerName", &call_method<Kind::stream_info, &requested_server_name>},
    {"downstreamRemoteAddress", &call_method<Kind::stream_info, &remote_address>},
    {"downstreamDirectRemoteAddress", kAddress<&DownstreamConnectionInfo::direct_remote>},
    {"downstreamLocalAddress", kAddress<&DownstreamConnectionInfo::local>},
    {"downstreamDirectLocalAddress", kAddress<&DownstreamConnectionInfo::direct_local>},
    {"downstreamSslConnection", &call_method<Kind::stream_info, &tls>},
    {"dynamicMetadata", &call_method<Kind::stream_info, &dynamic_metadata>},
    {"dynamicTypedMetadata", &call_method<Kind::stream_info, &typed_metadata>},
    {"filterState", &call_method<Kind::stream_info, &filter_state>},
    {"drainConnectionUponCompletion", &call_method<Kind::stream_info, &drain_connection>},
};
constexpr luaL_Reg kConnectionStreamInfo[] = {
    {"dynamicMetadata", &call_method<Kind::connection_stream_info, &connection_metadata>},
    {"dynamicTypedMetadata", &call_method<Kind::connection_stream_info, &typed_metadata>},
};
constexpr luaL_Reg kConnection[] = {{"ssl", &call_method<Kind::connection, &tls>}};

}  // namespace

Methods stream_info_methods() {
  return kStreamInfo;
}
Methods connection_stream_info_methods() {
  return kConnectionStreamInfo;
}
Methods connection_methods() {
  return kConnection;
}

}  // namespace outrigger::filters::lua
