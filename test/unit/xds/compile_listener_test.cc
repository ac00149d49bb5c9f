#include "xds/compile_listener.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kRouterFilter;
using testing::load;
using testing::load_listener;
using testing::Loaded;

const std::string kManager =
    "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.";

std::vector<std::string> errors_of(const std::string& extra) {
  return load_listener({.extra = extra}).errors;
}

TEST(CompileListener, DefaultsAreEnvoys) {
  Loaded loaded = load_listener({});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Listener& listener = loaded.listener();
  EXPECT_EQ(listener.name, "l");
  EXPECT_EQ(listener.address().text(), "127.0.0.1:10000");
  EXPECT_EQ(listener.buffer_limit_bytes, 1024u * 1024u);
  EXPECT_TRUE(listener.reuse_port);
  EXPECT_TRUE(listener.bind_to_port);
  EXPECT_EQ(listener.max_connections_per_event, 0u);
}

TEST(CompileListener, TakesItsSocketOptions) {
  Loaded loaded = load_listener(
      {.listener =
           "per_connection_buffer_limit_bytes: 5\ntcp_backlog_size: 6\nenable_reuse_port: false\n"
           "bind_to_port: false\ntransparent: true\nfreebind: true\ndrain_type: MODIFY_ONLY\n"
           "traffic_direction: INBOUND\nmax_connections_to_accept_per_socket_event: 7\n"
           "ignore_global_conn_limit: true\nadditional_addresses: [{address: {pipe: {path: "
           "/run/l}}}]"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Listener& listener = loaded.listener();
  EXPECT_EQ(listener.buffer_limit_bytes, 5u);
  EXPECT_EQ(listener.backlog, 6u);
  EXPECT_FALSE(listener.reuse_port);
  EXPECT_FALSE(listener.bind_to_port);
  EXPECT_TRUE(listener.transparent);
  EXPECT_TRUE(listener.freebind);
  EXPECT_EQ(listener.drain, config::Listener::Drain::modify_only);
  EXPECT_EQ(listener.direction, config::Listener::Direction::inbound);
  EXPECT_EQ(listener.max_connections_per_event, 7u);
  EXPECT_TRUE(listener.ignore_global_connection_limit);
  EXPECT_EQ(listener.addresses.at(1).address.text(), "/run/l");
}

TEST(CompileListener, StatsHaveTheAddressAsTag) {
  Loaded loaded = load_listener({});
  EXPECT_EQ(loaded.listener().stats->prefix(), "listener.127.0.0.1_10000.");
  EXPECT_EQ(loaded.listener().stats->extracted_prefix(), "listener.");
  EXPECT_EQ(loaded.listener().stats->tags().at(0).name, "envoy.listener_address");
  EXPECT_EQ(loaded.listener().chains[0]->http_stats->prefix(),
            "listener.127.0.0.1_10000.http.web.");
  EXPECT_EQ(loaded.listener().chains[0]->http_stats->extracted_prefix(), "listener.http.");
  EXPECT_EQ(loaded.manager().stats->prefix(), "http.web.");
  EXPECT_EQ(loaded.manager().stats->tags().at(0).name, "envoy.http_conn_manager_prefix");
  EXPECT_EQ(loaded.manager().http1_stats->prefix(), "http1.");
  EXPECT_EQ(load_listener({.listener = "stat_prefix: x:y"}).listener().stats->prefix(),
            "listener.x_y.");
  EXPECT_THAT(load_listener({.listener = "stat_prefix: x"}).listener().stats->tags(), IsEmpty());
}

TEST(CompileListener, RefusesOtherNetworkFilters) {
  EXPECT_THAT(
      load("static_resources: {listeners: [{name: l, address: {pipe: {path: /x}}, filter_chains: "
           "[{filters: [{name: t, typed_config: "
           "{\"@type\": "
           "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy}}]}]}]}")
          .errors,
      ElementsAre(HasSubstr(
          "filters[0].typed_config: the type "
          "'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy' "
          "is not supported by Outrigger")));
  EXPECT_THAT(load("static_resources: {listeners: [{name: l, address: {pipe: {path: /x}}, "
                   "filter_chains: [{filters: [{name: t}]}]}]}")
                  .errors,
              ElementsAre(HasSubstr("network filter 't' of type '' is not supported")));
  EXPECT_THAT(
      load("static_resources: {listeners: [{name: l, address: {pipe: {path: /x}}}]}").errors,
      ElementsAre(HasSubstr("no filter chains specified")));
}

TEST(CompileManager, DefaultsAreEnvoys) {
  Loaded loaded = load_listener({});
  const config::HttpConnectionManager& manager = loaded.manager();
  EXPECT_EQ(manager.stat_prefix, "web");
  EXPECT_EQ(manager.codec_type, config::CodecType::auto_);
  EXPECT_EQ(manager.server_name, "envoy");
  EXPECT_EQ(manager.idle_timeout, milliseconds(hours(1)));
  EXPECT_EQ(manager.stream_idle_timeout, milliseconds(minutes(5)));
  EXPECT_EQ(manager.request_timeout, milliseconds(0));
  EXPECT_EQ(manager.drain_timeout, milliseconds(5000));
  EXPECT_EQ(manager.delayed_close_timeout, milliseconds(1000));
  EXPECT_TRUE(manager.generate_request_id);
  EXPECT_FALSE(manager.use_remote_address);
  EXPECT_FALSE(manager.normalize_path);
  EXPECT_TRUE(manager.add_proxy_protocol_connection_state);
  EXPECT_EQ(manager.http1.limits.max_bytes, 60u * 1024u);
  EXPECT_EQ(manager.http1.limits.max_fields, 100u);
  EXPECT_EQ(manager.http2.max_concurrent_streams, 1024u);
  EXPECT_EQ(manager.routes->current()->hosts.size(), 1u);
  ASSERT_EQ(manager.filters.size(), 1u);
  EXPECT_NE(manager.filters[0].factory->router_options(), nullptr);
}

TEST(CompileManager, TakesItsFields) {
  Loaded loaded = load_listener({.extra = R"(codec_type: HTTP2
server_name: s
server_header_transformation: PASS_THROUGH
via: v
scheme_header_transformation: {scheme_to_overwrite: https}
common_http_protocol_options: {idle_timeout: 0s, max_connection_duration: 2s, max_stream_duration: 3s, max_requests_per_connection: 4, max_headers_count: 5, headers_with_underscores_action: DROP_HEADER}
stream_idle_timeout: 6s
request_timeout: 7s
request_headers_timeout: 8s
drain_timeout: 9s
delayed_close_timeout: 0s
max_request_headers_kb: 10
use_remote_address: true
xff_num_trusted_hops: 11
skip_xff_append: true
append_x_forwarded_port: true
generate_request_id: false
preserve_external_request_id: true
always_set_request_id_in_response: true
normalize_path: true
merge_slashes: true
path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD
strip_matching_host_port: true
strip_trailing_host_dot: true
proxy_100_continue: true
stream_error_on_invalid_http_message: true
upgrade_configs: [{upgrade_type: WebSocket}, {upgrade_type: CONNECT, enabled: false}]
http_protocol_options: {accept_http_10: true, enable_trailers: true}
http2_protocol_options: {allow_connect: true, override_stream_error_on_invalid_http_message: false})"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::HttpConnectionManager& manager = loaded.manager();
  EXPECT_EQ(manager.codec_type, config::CodecType::http2);
  EXPECT_EQ(manager.server_name, "s");
  EXPECT_EQ(manager.server_header, config::ServerHeader::pass_through);
  EXPECT_EQ(manager.via, "v");
  EXPECT_EQ(manager.scheme_override, "https");
  EXPECT_EQ(manager.idle_timeout, milliseconds(0));
  EXPECT_EQ(manager.max_connection_duration, milliseconds(2000));
  EXPECT_EQ(manager.max_stream_duration, milliseconds(3000));
  EXPECT_EQ(manager.max_requests_per_connection, 4u);
  EXPECT_EQ(manager.http1.limits.max_fields, 5u);
  EXPECT_EQ(manager.http2.limits.underscores, http::UnderscoresAction::drop_header);
  EXPECT_EQ(manager.stream_idle_timeout, milliseconds(6000));
  EXPECT_EQ(manager.request_timeout, milliseconds(7000));
  EXPECT_EQ(manager.request_headers_timeout, milliseconds(8000));
  EXPECT_EQ(manager.drain_timeout, milliseconds(9000));
  EXPECT_EQ(manager.delayed_close_timeout, milliseconds(0));
  EXPECT_EQ(manager.http2.limits.max_bytes, 10u * 1024u);
  EXPECT_TRUE(manager.use_remote_address);
  EXPECT_EQ(manager.xff_num_trusted_hops, 11u);
  EXPECT_TRUE(manager.skip_xff_append);
  EXPECT_TRUE(manager.append_x_forwarded_port);
  EXPECT_FALSE(manager.generate_request_id);
  EXPECT_TRUE(manager.preserve_external_request_id);
  EXPECT_TRUE(manager.always_set_request_id_in_response);
  EXPECT_TRUE(manager.normalize_path);
  EXPECT_TRUE(manager.merge_slashes);
  EXPECT_EQ(manager.escaped_slashes, config::EscapedSlashes::unescape_and_forward);
  EXPECT_TRUE(manager.strip_matching_host_port);
  EXPECT_TRUE(manager.strip_trailing_host_dot);
  EXPECT_TRUE(manager.proxy_100_continue);
  EXPECT_TRUE(manager.http1.accept_http_10);
  EXPECT_TRUE(manager.http1.enable_trailers);
  EXPECT_TRUE(manager.http2.allow_connect);
  // The codec's own option wins over the manager's.
  EXPECT_TRUE(manager.http1.override_stream_error_on_invalid_http_message);
  EXPECT_FALSE(manager.http2.override_stream_error_on_invalid_http_message);
  EXPECT_EQ(manager.upgrades.at(0).type, "websocket");
  EXPECT_FALSE(manager.upgrades.at(1).enabled);
}

TEST(CompileManager, TakesWhatBecomesOfClientCertificates) {
  Loaded loaded =
      load_listener({.extra = "forward_client_cert_details: APPEND_FORWARD\n"
                              "set_current_client_cert_details: {subject: true, uri: true}"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::HttpConnectionManager& manager = loaded.manager();
  EXPECT_EQ(manager.forward_client_cert, config::ForwardClientCert::append_forward);
  EXPECT_TRUE(manager.client_cert_details.subject);
  EXPECT_TRUE(manager.client_cert_details.uri);
  EXPECT_FALSE(manager.client_cert_details.chain);
}

TEST(CompileManager, RefusesWhatCannotBe) {
  EXPECT_THAT(errors_of("codec_type: HTTP3"),
              ElementsAre(HasSubstr(kManager + "codec_type: HTTP3 is not supported")));
  EXPECT_THAT(errors_of("strip_matching_host_port: true\nstrip_any_host_port: true"),
              ElementsAre(HasSubstr("strip_any_host_port: only one of")));
  EXPECT_THAT(errors_of("upgrade_configs: [{upgrade_type: a}, {upgrade_type: A}]"),
              ElementsAre(HasSubstr("upgrade_configs[1]: multiple upgrade configs")));
  EXPECT_THAT(errors_of("max_request_headers_kb: 9000"),
              ElementsAre(HasSubstr("less than or equal to 8192 (is 9000)")));
}

TEST(CompileManager, RefusesDiscoveredRoutesWhereNobodyDiscovers) {
  EXPECT_THAT(load("static_resources: {listeners: [{name: l, address: {pipe: {path: /x}}, "
                   "filter_chains: [{filters: [{name: t, typed_config: "
                   "{\"@type\": "
                   "type.googleapis.com/"
                   "envoy.extensions.filters.network.http_connection_manager.v3."
                   "HttpConnectionManager, stat_prefix: s, "
                   "rds: {route_config_name: r, config_source: {ads: {}}}}}]}]}]}")
                  .errors,
              Contains(HasSubstr("typed_config.rds: routes cannot be discovered here")));
}

TEST(CompileManager, RoutesNameKnownClusters) {
  EXPECT_THAT(
      load_listener({.routes = "{match: {prefix: /}, route: {cluster: z}}"}).errors,
      ElementsAre(
          kManager +
          "route_config.virtual_hosts[0].routes[0].route.cluster: unknown cluster 'z', line 13"));
}

TEST(CompileManager, FiltersEndWithTheRouter) {
  std::string cors =
      R"({name: cors, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}})";
  Loaded loaded = load_listener({.filters = cors + ", " + kRouterFilter});
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.manager().filters.at(0).name, "cors");
  EXPECT_THAT(load_listener({.filters = cors}).errors,
              ElementsAre(HasSubstr("http_filters[0]: filter 'cors' is the last of the chain")));
  EXPECT_THAT(load_listener({.filters = std::string(kRouterFilter) + ", " + kRouterFilter}).errors,
              ElementsAre(HasSubstr("http_filters[0]: terminal filter 'router' must be the last")));
  EXPECT_THAT(load_listener({.filters = ""}).errors,
              ElementsAre(HasSubstr("http_filters: the chain has no filter")));
}

TEST(CompileManager, RefusesFiltersThatWeDoNotHaveByTheirType) {
  EXPECT_THAT(
      load_listener(
          {.filters =
               R"({name: w, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm}}, )" +
               std::string(kRouterFilter)})
          .errors,
      ElementsAre(HasSubstr("http_filters[0].typed_config: the type "
                            "'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm' is "
                            "not supported by Outrigger")));
  EXPECT_THAT(load_listener({.filters = "{name: envoy.filters.http.router}"}).errors,
              ElementsAre(HasSubstr("has no typed_config")));
}

TEST(CompileManager, FiltersMayBeDisabledUntilARouteEnablesThem) {
  std::string cors =
      R"({name: cors, disabled: true, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}})";
  EXPECT_TRUE(
      load_listener({.filters = cors + ", " + kRouterFilter}).manager().filters.at(0).disabled);
}

Loaded with_override(const std::string& config) {
  return load_listener(
      {.routes = "{match: {prefix: /}, route: {cluster: a}, typed_per_filter_config: {f: " +
                 config + "}}"});
}

TEST(CompileManager, RoutesOverrideFilters) {
  Loaded loaded = with_override(
      R"({"@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute, disabled: true})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto* entry = loaded.manager().routes->current()->hosts[0].routes[0].per_filter.find("f");
  ASSERT_NE(entry, nullptr);
  EXPECT_NE(entry->config, nullptr);
  EXPECT_FALSE(entry->disabled);
}

TEST(CompileManager, RoutesDisableFilters) {
  Loaded loaded = with_override(
      R"({"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(
      loaded.manager().routes->current()->hosts[0].routes[0].per_filter.find("f")->disabled);
}

TEST(CompileManager, RefusesOverridesThatAreNone) {
  EXPECT_THAT(
      with_override(
          R"({"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router})")
          .errors,
      ElementsAre(
          HasSubstr("typed_per_filter_config[\"f\"]: configuration of filter 'f' of type")));
  EXPECT_THAT(
      with_override(R"({"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig})").errors,
      ElementsAre(HasSubstr("typed_per_filter_config[\"f\"]: FilterConfig has neither")));
  EXPECT_THAT(
      with_override(
          R"({"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, is_optional: true, config: {"@type": )"
          R"(type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}})")
          .errors,
      IsEmpty());
}

TEST(CompileManager, CompilesLocalReplies) {
  Loaded loaded = load_listener({.extra = R"(local_reply_config:
  mappers:
  - filter: {response_flag_filter: {flags: [NR]}}
    status_code: 418
    body: {inline_string: gone}
    body_format_override: {text_format: '%LOCAL_REPLY_BODY%'}
    headers_to_add: [{header: {key: X, value: v}}]
  body_format: {json_format: {code: '%RESPONSE_CODE%'}, content_type: a/b})"});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::LocalReplyConfig& replies = *loaded.manager().local_reply;
  EXPECT_TRUE(replies.mappers.at(0).filter.flags.has(ResponseFlag::no_route_found));
  EXPECT_EQ(replies.mappers.at(0).status_code, 418);
  EXPECT_EQ(replies.mappers.at(0).body, "gone");
  EXPECT_TRUE(replies.mappers.at(0).body_format.has_value());
  EXPECT_EQ(replies.mappers.at(0).headers.add.at(0).name, "x");
  EXPECT_EQ(replies.body_format->content_type, "a/b");
}

}  // namespace
}  // namespace outrigger::xds
