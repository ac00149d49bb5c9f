// Filters of attempts, of routers and clusters, and what a connection manager learns of its client.
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/config/upstream_filters.h"
#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHttpFilters = "type.googleapis.com/envoy.extensions.filters.http.";

std::string typed_filter(const std::string& name, const std::string& type,
                         const std::string& fields = "") {
  return "{name: " + name + ", typed_config: {\"@type\": " + kHttpFilters + type + fields + "}}";
}
std::string mutation_filter(const std::string& name) {
  return typed_filter(name, "header_mutation.v3.HeaderMutation");
}
const std::string kCodecFilter = typed_filter("codec", "upstream_codec.v3.UpstreamCodec");

Loaded load_cluster_with(const std::string& filters) {
  return load_cluster(
      "typed_extension_protocol_options: "
      "{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {\"@type\": "
      "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, "
      "explicit_http_config: {http_protocol_options: {}}, http_filters: [" +
      filters + "]}}");
}

Loaded load_manager(const std::string& fields, const std::string& router = "",
                    const std::string& filters = "") {
  return load(
      "static_resources: {listeners: [{name: l, address: {socket_address: {address: 127.0.0.1, "
      "port_value: 10000}}, filter_chains: [{filters: [{name: hcm, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
      "HttpConnectionManager, stat_prefix: s, route_config: {virtual_hosts: [{name: v, domains: "
      "['*'], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}]}, http_filters: [" +
      filters + typed_filter("router", "router.v3.Router", router) + "], " + fields + "}}]}]}]}");
}
const config::HttpConnectionManager& manager(const Loaded& loaded) {
  return *loaded.listener().chains.front()->http;
}
std::string first_problem(const Loaded& loaded) {
  return loaded.errors.empty() ? "" : std::string(loaded.errors.front());
}

TEST(CompileAttemptFilters, OfAClusterAreInTheirOrder) {
  Loaded loaded =
      load_cluster_with(mutation_filter("a") + ", " + mutation_filter("b") + ", " + kCodecFilter);
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto& filters = loaded.cluster().http->filters->filters;
  ASSERT_EQ(filters.size(), 2u);
  EXPECT_EQ(filters[0].name, "a");
  EXPECT_NE(filters[1].factory, nullptr);
}

TEST(CompileAttemptFilters, TheCodecAloneIsNoFilter) {
  Loaded loaded = load_cluster_with(kCodecFilter);
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().http->filters, nullptr);
}

TEST(CompileAttemptFilters, OfARouterAreItsOptions) {
  Loaded loaded = load_manager(
      "", ", upstream_http_filters: [" + mutation_filter("a") + ", " + kCodecFilter + "]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const RouterOptions* options = manager(loaded).filters.back().factory->router_options();
  ASSERT_NE(options->upstream_filters, nullptr);
  EXPECT_EQ(options->upstream_filters->filters.size(), 1u);
}

TEST(CompileAttemptFilters, TheCodecEndsThem) {
  EXPECT_THAT(first_problem(load_cluster_with(mutation_filter("a"))),
              HasSubstr("http_filters[0]: filter 'a' is the last of the chain, but it is not "
                        "terminal: the upstream codec must be"));
  EXPECT_THAT(first_problem(load_cluster_with(kCodecFilter + ", " + mutation_filter("a"))),
              HasSubstr("http_filters[0]: terminal filter 'codec' must be the last filter"));
  EXPECT_THAT(first_problem(load_manager("", "", kCodecFilter + ", ")),
              HasSubstr("only chains of upstream filters end in the upstream codec"));
}

TEST(CompileAttemptFilters, AnyOtherIsRefusedByItsType) {
  EXPECT_THAT(
      first_problem(load_cluster_with(
          typed_filter("b", "buffer.v3.Buffer", ", max_request_bytes: 1") + ", " + kCodecFilter)),
      HasSubstr("http_filters[0].typed_config: the type "
                "'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer' is "
                "not supported by Outrigger as a filter of attempts"));
}

std::string detection(const std::string& type, const std::string& fields) {
  return "{name: d, typed_config: {\"@type\": "
         "type.googleapis.com/envoy.extensions.http.original_ip_detection." +
         type + ", " + fields + "}}";
}

TEST(CompileClientDetection, EveryWayInItsOrder) {
  Loaded loaded = load_manager(
      "original_ip_detection_extensions: [" +
      detection("custom_header.v3.CustomHeaderConfig",
                "header_name: X-Client, allow_extension_to_set_address_as_trusted: true, "
                "reject_with_status: {code: 401}") +
      ", " +
      detection("xff.v3.XffConfig",
                "xff_trusted_cidrs: {cidrs: [{address_prefix: 10.0.0.0, prefix_len: 8}]}, "
                "skip_xff_append: false") +
      ", " + detection("xff.v3.XffConfig", "xff_num_trusted_hops: 2") + "]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto& ways = manager(loaded).client_detections;
  ASSERT_EQ(ways.size(), 3u);
  const auto& header = std::get<config::HeaderDetection>(ways[0]);
  EXPECT_EQ(header.name, "x-client");
  EXPECT_TRUE(header.may_be_trusted);
  EXPECT_EQ(header.rejection, 401);
  const auto& ranges = std::get<config::ForwardedForDetection>(ways[1]);
  EXPECT_EQ(ranges.trusted.size(), 1u);
  EXPECT_FALSE(ranges.skip_append);
  const auto& hops = std::get<config::ForwardedForDetection>(ways[2]);
  EXPECT_EQ(hops.trusted_hops, 2u);
  EXPECT_TRUE(hops.skip_append);
}

TEST(CompileClientDetection, AStatusThatIsNoErrorBecomesOne) {
  Loaded loaded = load_manager("original_ip_detection_extensions: [" +
                               detection("custom_header.v3.CustomHeaderConfig",
                                         "header_name: x, reject_with_status: {code: 302}") +
                               "]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(std::get<config::HeaderDetection>(manager(loaded).client_detections[0]).rejection, 403);
}

TEST(CompileClientDetection, WhatExcludesEachOther) {
  const std::string one =
      "original_ip_detection_extensions: [" + detection("xff.v3.XffConfig", "") + "]";
  EXPECT_THAT(first_problem(load_manager("use_remote_address: true, " + one)),
              HasSubstr("original_ip_detection_extensions: cannot be set together with "
                        "use_remote_address"));
  EXPECT_THAT(first_problem(load_manager("xff_num_trusted_hops: 1, " + one)),
              HasSubstr("original_ip_detection_extensions: cannot be set together with "
                        "xff_num_trusted_hops"));
  EXPECT_THAT(
      first_problem(load_manager("original_ip_detection_extensions: [" +
                                 detection("xff.v3.XffConfig",
                                           "xff_num_trusted_hops: 1, xff_trusted_cidrs: {cidrs: "
                                           "[{address_prefix: 10.0.0.0, prefix_len: 8}]}") +
                                 "]")),
      HasSubstr("original_ip_detection_extensions[0].typed_config.xff_trusted_cidrs: cannot be "
                "set together with xff_num_trusted_hops"));
}

std::string early(const std::string& mutations) {
  return "early_header_mutation_extensions: [{name: e, typed_config: {\"@type\": "
         "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3."
         "HeaderMutation, mutations: [" +
         mutations + "]}}]";
}

TEST(CompileEarlyHeaders, AreStepsInTheirOrder) {
  Loaded loaded = load_manager(
      early("{remove: X-Gone}, {append: {header: {key: X-A, value: b}}}, {remove_on_match: "
            "{key_matcher: {prefix: x-}}}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto& steps = manager(loaded).early_headers;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(std::get<config::HeaderRemoval>(steps[0]).name, "x-gone");
  EXPECT_EQ(std::get<config::HeaderAddition>(steps[1]).name, "x-a");
  EXPECT_TRUE(std::get<config::HeaderRemovalByMatch>(steps[2]).name.matches("x-b"));
}

TEST(CompileEarlyHeaders, TheRequestLineStays) {
  EXPECT_THAT(first_problem(load_manager(early("{remove: ':path'}"))),
              HasSubstr("early_header_mutation_extensions[0].typed_config.mutations[0].remove: "
                        "':path' is part of the request line"));
}

}  // namespace
}  // namespace outrigger::xds::testing
