#include "tools/ctl/route_candidates.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "fmt/format.h"

#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "xds/protocol/resource_file.h"
#include "xds/unpack_any.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::ctl {
namespace {

using envoy::config::core::v3::ConfigSource;
using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;
using envoy::config::route::v3::RouteConfiguration;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using envoy::extensions::filters::network::http_connection_manager::v3::Rds;

class Finder {
 public:
  RouteCandidates find(const envoy::config::bootstrap::v3::Bootstrap& bootstrap) {
    const auto& listeners = bootstrap.static_resources().listeners();
    for (int i = 0; i < listeners.size(); ++i)
      listener(listeners[i], fmt::format("static_resources.listeners[{}]", i), i);
    return std::move(out_);
  }

 private:
  void listener(const Listener& listener, const std::string& path, int index) {
    listener_ = listener.name().empty() ? fmt::format("listeners[{}]", index) : listener.name();
    for (int i = 0; i < listener.filter_chains_size(); ++i)
      chain(listener.filter_chains(i), fmt::format("{}.filter_chains[{}]", path, i));
    if (listener.has_default_filter_chain())
      chain(listener.default_filter_chain(), path + ".default_filter_chain");
  }

  void chain(const FilterChain& chain, const std::string& path) {
    for (int i = 0; i < chain.filters_size(); ++i) {
      const auto& packed = chain.filters(i).typed_config();
      if (xds::packed_type(packed) != HttpConnectionManager::descriptor()->full_name()) continue;
      auto unpacked = xds::unpack_any(packed);
      if (!unpacked.ok()) continue;  // the loader said so
      manager(static_cast<const HttpConnectionManager&>(**unpacked),
              fmt::format("{}.filters[{}].typed_config", path, i));
    }
  }

  void manager(const HttpConnectionManager& manager, const std::string& path) {
    if (manager.has_route_config()) add(manager.route_config(), path + ".route_config");
    if (manager.has_rds()) discovered(manager.rds());
    if (!manager.has_scoped_routes()) return;
    const auto& scopes = manager.scoped_routes();
    const auto& list = scopes.scoped_route_configurations_list().scoped_route_configurations();
    for (int i = 0; i < list.size(); ++i) {
      if (!list[i].has_route_configuration()) continue;
      add(list[i].route_configuration(),
          fmt::format("{}.scoped_routes.scoped_route_configurations_list."
                      "scoped_route_configurations[{}].route_configuration",
                      path, i));
    }
  }

  void discovered(const Rds& rds) {
    const ConfigSource& source = rds.config_source();
    const std::string& file =
        source.has_path_config_source() ? source.path_config_source().path() : source.path();
    if (file.empty()) {
      out_.elsewhere.push_back(
          fmt::format("the routes '{}' of listener '{}' come from a management server",
                      rds.route_config_name(), listener_));
      return;
    }
    std::ifstream stream(file, std::ios::binary);
    auto read =
        xds::read_resource_file(std::string{std::istreambuf_iterator<char>(stream), {}}, file);
    if (!stream.is_open() || !read.ok()) {
      out_.elsewhere.push_back(fmt::format(
          "the routes '{}' of listener '{}' come from the file '{}', which cannot be read: {}",
          rds.route_config_name(), listener_, file,
          stream.is_open() ? std::string(read.status().message()) : "there is none"));
      return;
    }
    for (RouteCandidate& candidate : find_candidates(read->response).found) {
      if (candidate.message.name() != rds.route_config_name()) continue;
      candidate.path = fmt::format("{}: {}", file, candidate.path);
      candidate.listener = listener_;
      out_.found.push_back(std::move(candidate));
    }
  }

  void add(const RouteConfiguration& message, std::string path) {
    out_.found.push_back({message, std::move(path), listener_});
  }

  std::string listener_;
  RouteCandidates out_;
};

}  // namespace

RouteCandidates find_candidates(const envoy::config::bootstrap::v3::Bootstrap& bootstrap) {
  return Finder().find(bootstrap);
}

RouteCandidates find_candidates(const envoy::service::discovery::v3::DiscoveryResponse& resources) {
  RouteCandidates out;
  for (int i = 0; i < resources.resources_size(); ++i) {
    RouteCandidate candidate;
    candidate.path = fmt::format("resources[{}]", i);
    if (resources.resources(i).UnpackTo(&candidate.message)) out.found.push_back(candidate);
  }
  return out;
}

}  // namespace outrigger::ctl
