// Addresses, sockets, listener filters and criteria of listeners, as their configuration says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"
#include "xds/compile_filter_chain_match.h"

namespace outrigger::xds {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::Loaded;

constexpr const char* kEcho =
    R"(filters: [{name: e, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}])";
constexpr const char* kFilters = "type.googleapis.com/envoy.extensions.filters.listener.";

// A listener of these members, with the given chains or one that echoes.
Loaded with(const std::string& members, const std::string& chains = "") {
  std::string text = "static_resources: {listeners: [{name: l, " + members;
  if (members.find("address") == std::string::npos)
    text += ", address: {socket_address: {address: 127.0.0.1, port_value: 10000}}";
  text += ", filter_chains: [" + (chains.empty() ? "{" + std::string(kEcho) + "}" : chains) + "]";
  return load(text + "}]}");
}

std::string chain(const std::string& match, const std::string& name = "") {
  return "{name: '" + name + "', filter_chain_match: {" + match + "}, " + kEcho + "}";
}

std::string filter(const std::string& type, const std::string& rest = "") {
  return "listener_filters: [{name: f, typed_config: {'@type': " + std::string(kFilters) + type +
         "}" + rest + "}]";
}

TEST(CompileListenerSocket, TakesEveryOption) {
  Loaded loaded = with(
      "tcp_fast_open_queue_length: 5, metadata: {filter_metadata: {a: {b: "
      "c}}}, "
      "connection_balance_config: {exact_balance: {}}, use_original_dst: true, "
      "socket_options: [{level: 1, name: 2, int_value: 3, state: STATE_BOUND}, "
      "{level: 4, name: 5, buf_value: YWI=, state: STATE_LISTENING}, "
      "{level: 6, name: 7, int_value: 8, type: {datagram: {}}}], deprecated_v1: {bind_to_port: "
      "false}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Listener& listener = loaded.listener();
  EXPECT_EQ(listener.tcp_fast_open, 5u);
  EXPECT_TRUE(listener.exact_balance);
  EXPECT_TRUE(listener.use_original_dst);
  EXPECT_FALSE(listener.bind_to_port);
  EXPECT_FALSE(listener.metadata.empty());
  const auto& options = listener.addresses[0].socket_options;
  ASSERT_EQ(options.size(), 2u);  // what is for datagrams is not ours
  EXPECT_EQ(options[0].state, net::SocketOption::State::bound);
  EXPECT_EQ(options[0].value.size(), sizeof(int));
  EXPECT_EQ(options[1].value, "ab");
}

TEST(CompileListenerSocket, AnAdditionalAddressHasItsOwnOptionsOrTheListeners) {
  Loaded loaded = with(
      "socket_options: [{level: 1, name: 2, int_value: 3}], additional_addresses: ["
      "{address: {socket_address: {address: '::1', port_value: 1, ipv4_compat: true}}}, "
      "{address: {socket_address: {address: 127.0.0.1, port_value: 2}}, socket_options: {}}], "
      "address: {pipe: {path: /run/l, mode: 384}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto& addresses = loaded.listener().addresses;
  ASSERT_EQ(addresses.size(), 3u);
  EXPECT_EQ(addresses[0].unix_mode, 0600u);
  EXPECT_EQ(addresses[1].socket_options.size(), 1u);
  EXPECT_TRUE(addresses[1].ipv4_compat);
  EXPECT_THAT(addresses[2].socket_options, IsEmpty());
}

TEST(CompileListenerSocket, RefusesWhatCannotBe) {
  EXPECT_THAT(
      with("socket_options: [{level: 1, name: 2, int_value: 9999999999}]").errors,
      ElementsAre(HasSubstr(
          "listeners[0].socket_options[0].int_value: 9999999999 does not fit into an int")));
  EXPECT_THAT(with("address: {pipe: {path: '@x', mode: 384}}").errors,
              ElementsAre(HasSubstr("address.pipe.mode: an abstract Unix socket")));
  EXPECT_THAT(
      with("connection_balance_config: {extend_balance: {name: b, typed_config: {'@type': "
           "type.googleapis.com/google.protobuf.Struct}}}")
          .errors,
      ElementsAre(HasSubstr("connection_balance_config.extend_balance: 'b' is not supported")));
  EXPECT_THAT(with("enable_mptcp: true, bind_to_port: false").errors,
              ElementsAre(HasSubstr("enable_mptcp: is set but")));
  EXPECT_THAT(with("udp_listener_config: {}").errors,
              ElementsAre(HasSubstr("udp_listener_config: is not supported by Outrigger")));
}

TEST(CompileListenerSocket, AnInternalListenerHasANameInsteadOfAnAddress) {
  auto internal = [](const std::string& members) {
    return load("static_resources: {listeners: [{" + members + ", filter_chains: [{" + kEcho +
                "}]}]}");
  };
  Loaded loaded = internal("name: inside, internal_listener: {}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.listener().internal);
  EXPECT_EQ(loaded.listener().address().text(), "envoy://inside/");
  EXPECT_EQ(loaded.listener().stats->prefix(), "listener.envoy_internal_inside.");
  EXPECT_THAT(internal("name: x, internal_listener: {}, address: {pipe: {path: /x}}").errors,
              ElementsAre(HasSubstr("internal_listener: an internal listener has no address")));
  EXPECT_THAT(internal("internal_listener: {}").errors,
              ElementsAre(HasSubstr("name: an internal listener needs a name")));
}

TEST(CompileListenerFilters, OrderTimeAndWhoDoesWithout) {
  Loaded loaded =
      with(filter("tls_inspector.v3.TlsInspector",
                  ", filter_disabled: {not_match: {or_match: {rules: [{any_match: "
                  "true}, {destination_port_range: {start: 1, end: 3}}]}}}") +
           ", listener_filters_timeout: 0s, continue_on_listener_filters_timeout: true, "
           "use_original_dst: true");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Listener& listener = loaded.listener();
  EXPECT_EQ(listener.listener_filters_timeout, milliseconds(0));
  EXPECT_TRUE(listener.continue_on_listener_filters_timeout);
  ASSERT_EQ(listener.listener_filters.size(), 2u);
  DownstreamConnectionInfo info;
  EXPECT_FALSE(listener.listener_filters[0].disabled->matches(info));
  EXPECT_EQ(listener.listener_filters[1].name, "envoy.filters.listener.original_dst");
  EXPECT_EQ(listener.listener_filters[1].disabled, nullptr);
}

TEST(CompileListenerFilters, PortsOfAPredicateAreHalfOpen) {
  Loaded loaded = with(filter("http_inspector.v3.HttpInspector",
                              ", filter_disabled: {and_match: {rules: [{any_match: true}, "
                              "{destination_port_range: {start: 1, end: 3}}]}}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto& disabled = *loaded.listener().listener_filters[0].disabled;
  DownstreamConnectionInfo info;
  for (auto [port, matches] : {std::pair{1, true}, {2, true}, {3, false}}) {
    info.local = *net::Address::from_ip("10.0.0.1", static_cast<uint16_t>(port));
    EXPECT_EQ(disabled.matches(info), matches) << port;
  }
}

TEST(CompileListenerFilters, UseProxyProtoOfTheFirstChainIsAFilter) {
  Loaded loaded = with("freebind: true", "{use_proxy_proto: true, " + std::string(kEcho) + "}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.listener().listener_filters.at(0).name, "envoy.filters.listener.proxy_protocol");
}

TEST(CompileListenerFilters, RefusesWhatWeDoNotHave) {
  EXPECT_THAT(with("listener_filters: [{name: f}]").errors,
              ElementsAre(HasSubstr("listener_filters[0].typed_config: listener filter 'f' of type "
                                    "'' is not supported")));
  EXPECT_THAT(with(filter("local_ratelimit.v3.LocalRateLimit")).errors,
              ElementsAre(HasSubstr("local_ratelimit.v3.LocalRateLimit' is not supported")));
  EXPECT_THAT(with(filter("tls_inspector.v3.TlsInspector, max_client_hello_size: 20000")).errors,
              ElementsAre(HasSubstr(
                  "listener_filters[0].typed_config.max_client_hello_size: value must be")));
}

TEST(CompileFilterChainMatch, TakesEveryCriterion) {
  Loaded loaded = with(
      "freebind: true",
      chain("destination_port: 443, prefix_ranges: [{address_prefix: 10.1.2.3, prefix_len: 8}], "
            "server_names: [A.example, '*.B.example'], transport_protocol: tls, "
            "application_protocols: [h2], direct_source_prefix_ranges: [{address_prefix: '::', "
            "prefix_len: 0}], source_type: EXTERNAL, source_prefix_ranges: [{address_prefix: "
            "1.2.3.4}], source_ports: [1, 65535]"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::FilterChainMatch& match = loaded.listener().chains[0]->match;
  EXPECT_EQ(match.destination_port, 443);
  EXPECT_EQ(match.destination_ranges.at(0), *net::Cidr::from_ip("10.0.0.0", 8));
  EXPECT_THAT(match.server_names, ElementsAre("a.example", "*.b.example"));
  EXPECT_EQ(match.transport_protocol, "tls");
  EXPECT_EQ(match.source_type, config::FilterChainMatch::SourceType::external);
  EXPECT_EQ(match.source_ranges.at(0).prefix_length(), 0u);
  EXPECT_THAT(match.source_ports, ElementsAre(1, 65535));
}

TEST(CompileFilterChainMatch, RefusesWhatCannotMatch) {
  EXPECT_THAT(with("freebind: true", chain("server_names: ['a.*']")).errors,
              ElementsAre(HasSubstr("filter_chains[0].filter_chain_match.server_names[0]: partial "
                                    "wildcards are not supported")));
  EXPECT_THAT(
      with("freebind: true", chain("prefix_ranges: [{address_prefix: x, prefix_len: 1}]")).errors,
      ElementsAre(HasSubstr("prefix_ranges[0].address_prefix: 'x' is not an IP address")));
  EXPECT_THAT(with("freebind: true", chain("address_suffix: x")).errors,
              ElementsAre(HasSubstr("filter_chain_match.address_suffix: is not supported")));
}

TEST(CompileFilterChainMatch, RefusesChainsThatTakeTheSame) {
  auto two = [](const std::string& first, const std::string& second) {
    return with("freebind: true", chain(first, "one") + ", " + chain(second, "two")).errors;
  };
  EXPECT_THAT(two("server_names: [a]", "server_names: [a]"),
              ElementsAre(HasSubstr("filter_chains[1]: filter chain 'two' has the same matching "
                                    "rules defined as 'one'")));
  EXPECT_THAT(two("", ""), ElementsAre(HasSubstr("has the same matching rules")));
  EXPECT_THAT(two("server_names: [a, b], application_protocols: [h1, h2]",
                  "server_names: [B, c], application_protocols: [h3, h2]"),
              ElementsAre(HasSubstr("multiple filter chains with overlapping matching rules are "
                                    "defined")));
  EXPECT_THAT(two("prefix_ranges: [{address_prefix: 10.1.1.1, prefix_len: 8}]",
                  "prefix_ranges: [{address_prefix: 10.2.2.2, prefix_len: 8}]"),
              ElementsAre(HasSubstr("overlapping")));
  EXPECT_THAT(two("server_names: [a], application_protocols: [h1]",
                  "server_names: [a], application_protocols: [h2]"),
              IsEmpty());
}

}  // namespace
}  // namespace outrigger::xds
