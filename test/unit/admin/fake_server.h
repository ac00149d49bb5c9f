// A server to administer: everything that ServerView asks for is a public member, and actions are
// noted.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/stats_cluster.h"
#include "proxy/admin/page.h"
#include "proxy/admin/server_view.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::admin {

class FakeServer : public ServerView {
 public:
  ServerState server_state = ServerState::live;
  std::chrono::seconds up{42};
  envoy::admin::v3::CommandLineOptions options;
  envoy::config::bootstrap::v3::Bootstrap proto;
  config::Bootstrap compiled;
  std::vector<ListenerStatus> listening;
  std::vector<ClusterStatus> known_clusters;
  std::vector<UnreadyTarget> unready;
  observe::StatsStore store;
  RuntimeStore runtime_store{{{"base", {{"a", "1"}, {"b", "x"}}, false}, {"admin", {}, true}}};
  observe::LogWriter* log_writer = nullptr;
  std::vector<std::string> actions;
  std::map<std::string, ResourceTypeStatus, std::less<>> dynamic;

  std::vector<std::string> resource_types() const override {
    std::vector<std::string> types;
    for (const auto& [type, status] : dynamic) types.push_back(type);
    return types;
  }
  ResourceTypeStatus resources(std::string_view type_url) const override {
    auto found = dynamic.find(type_url);
    return found == dynamic.end() ? ServerView::resources(type_url) : found->second;
  }
  ServerState state() const override { return server_state; }
  std::string version() const override { return "abc/0.1.0/Clean/RELEASE/OpenSSL"; }
  std::chrono::seconds uptime() const override { return up; }
  const envoy::admin::v3::CommandLineOptions& command_line_options() const override {
    return options;
  }
  const envoy::config::bootstrap::v3::Bootstrap& bootstrap_proto() const override { return proto; }
  envoy::config::bootstrap::v3::Bootstrap_StaticResources static_resources() const override {
    return proto.static_resources();
  }
  const config::Bootstrap& bootstrap() const override { return compiled; }
  std::chrono::system_clock::time_point bootstrap_loaded_at() const override {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  }
  std::vector<ListenerStatus> listeners() const override { return listening; }
  std::vector<ClusterStatus> clusters() const override { return known_clusters; }
  std::vector<UnreadyTarget> unready_targets() const override { return unready; }
  observe::StatsStore& stats() override { return store; }
  RuntimeStore& runtime() override { return runtime_store; }
  observe::LogWriter* access_log_writer() override { return log_writer; }
  void fail_health_check(bool failed) override { actions.push_back(failed ? "fail" : "ok"); }
  void drain_listeners(const DrainRequest& request) override {
    actions.push_back(std::string("drain") + (request.graceful ? " graceful" : "") +
                      (request.inbound_only ? " inbound_only" : "") +
                      (request.skip_exit ? " skip_exit" : ""));
  }
  void quit() override { actions.push_back("quit"); }
  void reopen_logs() override { actions.push_back("reopen"); }

  // A cluster in the loaded configuration and in force, with one endpoint.
  void add_cluster(const std::string& name, const std::string& ip, uint16_t port) {
    auto* cluster = proto.mutable_static_resources()->add_clusters();
    cluster->set_name(name);
    auto* address = cluster->mutable_load_assignment()
                        ->add_endpoints()
                        ->add_lb_endpoints()
                        ->mutable_endpoint()
                        ->mutable_address();
    address->mutable_socket_address()->set_address(ip);
    address->mutable_socket_address()->set_port_value(port);

    auto endpoint = std::make_shared<config::Endpoint>();
    endpoint->address = *net::Address::from_ip(ip, port);
    endpoint->stats =
        std::make_shared<StatsScope>("", "", std::vector<StatTag>{}, HostStats::layout());
    auto endpoints = std::make_shared<config::EndpointSet>();
    endpoints->localities.push_back({{"r", "z", "s"}, 0, std::nullopt, {endpoint}});
    auto compiled_cluster = std::make_shared<config::Cluster>();
    compiled_cluster->ref.name = name;
    compiled_cluster->endpoints = endpoints;
    known_clusters.push_back({compiled_cluster, endpoints, false});
  }
};

// The whole body of a page that answers in pieces.
inline std::string whole_body(Response& response) {
  std::string body = response.body;
  while (response.rest && response.rest(body)) {
  }
  return body;
}

}  // namespace outrigger::admin
