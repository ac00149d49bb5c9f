// What a real istiod sends, through the same check and compilation as everything else: nothing of
// it may be refused. The resources are in test/unit/xds/istio/, as JSON with every Any written out.
// OUTRIGGER_ISTIO_CAPTURES names other folders (with ':'), to see what of them would be refused.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "google/protobuf/any.pb.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"

#include "test/unit/xds/load_helpers.h"
#include "xds/compile_cluster.h"
#include "xds/compile_listener.h"
#include "xds/document.h"
#include "xds/dynamic_sources.h"
#include "xds/filter_compile_context.h"
#include "xds/filter_route_context.h"
#include "xds/load.h"
#include "xds/resource_reader.h"
#include "xds/tls_secrets.h"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::listener::v3::Listener;
using envoy::config::route::v3::RouteConfiguration;

// Everything that is discovered is on its way.
class PendingSources final : public DynamicSources {
 public:
  absl::StatusOr<RouteSlotPtr> routes(const Rds&, const std::string&,
                                      CompileEnvironment&) override {
    return std::make_shared<config::Slot<config::RouteTable>>();
  }
  absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> scopes(const ScopedRoutesMessage&,
                                                                     const std::string&,
                                                                     CompileEnvironment&) override {
    return absl::UnimplementedError("Istio has no scoped routes");
  }
  absl::StatusOr<FilterSlotPtr> http_filter(const std::string&,
                                            const envoy::config::core::v3::ExtensionConfigSource&,
                                            const std::string&, CompileEnvironment&) override {
    return std::make_shared<config::Slot<HttpFilterFactory>>();
  }
};

// Nothing has come yet of what secrets there are.
class PendingSecrets final : public SecretSource {
 public:
  absl::StatusOr<std::shared_ptr<RemoteSecret>> find(const SdsSecretConfig&) override {
    return std::make_shared<Pending>();
  }

 private:
  class Pending final : public RemoteSecret {
   public:
    const TlsSecret* current() const override { return nullptr; }
    void wait_in(InitSet&) override {}
  };
};

class Captures {
 public:
  Captures() {
    tls_.set_source(&secrets_);
    environment_.tls = &tls_;
    environment_.dynamic = &sources_;
    environment_.node.id = "sidecar~10.10.0.1~client-1.demo~demo.svc.cluster.local";
    environment_.node.metadata["NAME"] = MetadataValue(std::string("client-1"));
  }

  void take(const std::filesystem::path& file) {
    file_ = file.filename().string();
    Problems problems;
    auto document = read_document(file.string(), problems);
    if (document == nullptr || document->root() == nullptr) {
      refused.push_back(file_ + ": " + std::string(problems.status().message()));
      return;
    }
    Sources none;
    LoadReport report(none, *document, {}, problems, warnings_);
    envoy::service::discovery::v3::DiscoveryResponse response;
    load_message(*document, schema_, report, response);
    note(file_, problems.status());
    for (const auto& any : response.resources()) take(any);
  }

  std::vector<std::string> refused;
  size_t taken = 0;

 private:
  void note(const std::string& name, const absl::Status& status) {
    if (status.ok()) return;
    std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
    for (const std::string& line : lines) refused.push_back(file_ + " " + name + ": " + line);
  }

  template <class T>
  void take(const google::protobuf::Any& any, const char* kind) {
    auto message = reader_.read<T>(any);
    ++taken;
    if (!message.ok()) {
      T named;
      any.UnpackTo(&named);
      note(std::string(kind) + " " + name_of(named), message.status());
      return;
    }
    note(std::string(kind) + " " + name_of(**message), compile(**message));
  }
  static const std::string& name_of(const ClusterLoadAssignment& message) {
    return message.cluster_name();
  }
  template <class T>
  static const std::string& name_of(const T& message) {
    return message.name();
  }

  absl::Status compile(const Cluster& message) {
    return compile_cluster(message, environment_).status();
  }
  absl::Status compile(const ClusterLoadAssignment& message) {
    return compile_endpoints(message).status();
  }
  absl::Status compile(const Listener& message) {
    return compile_listener(message, environment_, {}).status();
  }
  absl::Status compile(const RouteConfiguration& message) {
    FilterCompileContext filters(environment_, "http.test.");
    ClusterExists any_cluster;
    FilterRouteContext context(filters, any_cluster, RouteOrigin::discovered);
    return compile_route_table(message, context).status();
  }

  void take(const google::protobuf::Any& any) {
    if (any.Is<Cluster>()) take<Cluster>(any, "cluster");
    if (any.Is<ClusterLoadAssignment>()) take<ClusterLoadAssignment>(any, "endpoints");
    if (any.Is<Listener>()) take<Listener>(any, "listener");
    if (any.Is<RouteConfiguration>()) take<RouteConfiguration>(any, "routes");
  }

  testing::KeepingRegistry stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  PendingSources sources_;
  PendingSecrets secrets_;
  TlsSecrets tls_;
  Schema schema_;
  ResourceReader reader_;
  std::vector<std::string> warnings_;
  std::string file_;
};

std::vector<std::filesystem::path> json_files(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

// Of the captures in the tree, and of more folders if OUTRIGGER_ISTIO_CAPTURES names some.
TEST(IstioCaptures, NothingIsRefused) {
  std::vector<std::string> folders{"test/unit/xds/istio"};
  if (const char* more = std::getenv("OUTRIGGER_ISTIO_CAPTURES"); more != nullptr) {
    for (absl::string_view folder : absl::StrSplit(more, ':')) folders.emplace_back(folder);
  }
  for (const std::string& folder : folders) {
    Captures captures;
    for (const auto& file : json_files(folder)) captures.take(file);
    EXPECT_GT(captures.taken, 0u) << folder;
    EXPECT_THAT(captures.refused, ::testing::IsEmpty()) << folder;
  }
}

}  // namespace
}  // namespace outrigger::xds
