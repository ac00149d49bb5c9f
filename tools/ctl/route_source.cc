#include "tools/ctl/route_source.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "fmt/format.h"
#include "fmt/ranges.h"

#include "tools/ctl/route_candidates.h"
#include "tools/ctl/text_message.h"
#include "xds/check.h"
#include "xds/compile_environment.h"
#include "xds/compile_route.h"
#include "xds/document.h"
#include "xds/filter_compile_context.h"
#include "xds/filter_route_context.h"
#include "xds/load.h"
#include "xds/path.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::ctl {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::route::v3::RouteConfiguration;
using envoy::service::discovery::v3::DiscoveryResponse;

class RouteLoader {
 public:
  explicit RouteLoader(const RouteSource& source) : source_(source) {}

  absl::StatusOr<std::unique_ptr<LoadedRoutes>> load() {
    find();
    if (!problems_.empty()) return failure();
    check();
    if (!problems_.empty()) return failure();
    prepare();
    compile();
    if (!problems_.empty()) return failure();
    keep_shares();
    return std::move(out_);
  }

 private:
  enum class Kind : unsigned char {
    routes,
    bootstrap,
    resources
  };

  absl::Status failure() const {
    return absl::InvalidArgumentError(fmt::format("INVALID_ARGUMENT: {} as {}:\n{}", source_.path,
                                                  type_,
                                                  std::string(problems_.status().message())));
  }

  bool knows(const google::protobuf::Descriptor& type, std::string_view field) {
    return schema_.plan(type).find(field) != nullptr;
  }

  // What a document is shows in the names of its fields.
  Kind kind_of(const xds::Node& root) {
    if (!source_.listener.empty()) return Kind::bootstrap;
    for (const xds::Node* child = root.first_child(); child != nullptr; child = child->next) {
      if (knows(*RouteConfiguration::descriptor(), child->key())) continue;
      if (knows(*Bootstrap::descriptor(), child->key())) return Kind::bootstrap;
      if (child->key() == "resources") return Kind::resources;
    }
    return Kind::routes;
  }

  template <class Message>
  void read(const xds::Document& document, Message& into) {
    type_ = Message::descriptor()->full_name();
    xds::LoadReport report(sources_, document, {}, problems_, out_->warnings_);
    xds::load_message(document, schema_, report, into);
  }

  void find() {
    if (is_text_message(source_.path))
      return read_text_message(source_.path, out_->message_, problems_);
    auto document = xds::read_document(source_.path, problems_);
    if (!problems_.empty()) return;
    if (document == nullptr || document->root() == nullptr)
      return problems_.add(fmt::format("{}: the document is empty", source_.path));
    const xds::Document& tree = *document;
    sources_.add(std::move(document));
    out_->warnings_ = tree.warnings();
    Kind kind = kind_of(*tree.root());
    if (kind == Kind::routes) {
      read(tree, out_->message_);
      choose_whole();
    } else if (kind == Kind::bootstrap) {
      Bootstrap bootstrap;
      read(tree, bootstrap);
      if (problems_.empty()) choose(find_candidates(bootstrap));
    } else {
      DiscoveryResponse resources;
      read(tree, resources);
      if (problems_.empty()) choose(find_candidates(resources));
    }
  }

  void choose_whole() {
    if (source_.route_config.empty() || source_.route_config == out_->message_.name()) return;
    problems_.add(fmt::format("the route configuration is named '{}', not '{}'",
                              out_->message_.name(), source_.route_config));
  }

  void choose(RouteCandidates all) {
    std::vector<RouteCandidate> fitting;
    for (RouteCandidate& candidate : all.found) {
      bool fits =
          (source_.listener.empty() || candidate.listener == source_.listener) &&
          (source_.route_config.empty() || candidate.message.name() == source_.route_config);
      if (fits) fitting.push_back(std::move(candidate));
    }
    if (fitting.empty()) return none(all);
    std::string first = fitting.front().message.SerializeAsString();
    bool same = std::ranges::all_of(fitting, [&first](const RouteCandidate& candidate) {
      return candidate.message.SerializeAsString() == first;
    });
    if (!same) return several(fitting);
    out_->message_ = std::move(fitting.front().message);
    path_ = std::move(fitting.front().path);
  }

  void none(const RouteCandidates& all) {
    std::string wanted = source_.route_config.empty()
                             ? "a route configuration"
                             : fmt::format("a route configuration '{}'", source_.route_config);
    if (!source_.listener.empty()) wanted += fmt::format(" of listener '{}'", source_.listener);
    problems_.add(fmt::format("{} is not in the file", wanted));
    for (const std::string& sentence : all.elsewhere) problems_.add(sentence);
  }

  void several(const std::vector<RouteCandidate>& fitting) {
    std::vector<std::string> names;
    for (const RouteCandidate& candidate : fitting) {
      names.push_back(
          candidate.listener.empty()
              ? fmt::format("'{}'", candidate.message.name())
              : fmt::format("'{}' of listener '{}'", candidate.message.name(), candidate.listener));
    }
    problems_.add(
        fmt::format("there are {} route configurations ({}): choose one with --route-config or "
                    "--listener",
                    names.size(), fmt::join(names, ", ")));
  }

  void check() {
    xds::Path root;
    xds::MessageChecker checker(schema_, sources_, problems_, out_->warnings_);
    checker.check(out_->message_, path_.empty() ? root : xds::Path::field(root, path_));
  }

  void prepare() {
    if (!source_.raise_empty_fractions) return;
    for (auto& host : *out_->message_.mutable_virtual_hosts()) {
      for (auto& route : *host.mutable_routes()) {
        if (!route.match().has_runtime_fraction()) continue;
        auto& share = *route.mutable_match()->mutable_runtime_fraction()->mutable_default_value();
        if (share.numerator() == 0) share.set_numerator(1);
      }
    }
  }

  void compile() {
    xds::CompileEnvironment environment{out_->stats_, out_->clusters_};
    xds::FilterCompileContext filters(environment, "http.route_check.");
    // Which clusters there are is no question of routing, nor for Envoy's tool.
    const xds::ClusterExists every_cluster;
    xds::FilterRouteContext context(filters, every_cluster, xds::RouteOrigin::discovered);
    auto table = xds::compile_route_table(out_->message_, context);
    if (!table.ok()) return add_lines(std::string(table.status().message()));
    out_->table_ = *std::move(table);
  }

  // Each line is "path: problem".
  void add_lines(std::string_view lines) {
    while (!lines.empty()) {
      std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(lines.size(), line.size() + 1));
      size_t colon = line.find(": ");
      if (colon == std::string_view::npos) {
        problems_.add(sources_.describe(path_, line));
      } else {
        problem(std::string(line.substr(0, colon)), line.substr(colon + 2));
      }
    }
  }

  void problem(const std::string& path, std::string_view text) {
    problems_.add(sources_.describe(path_.empty() ? path : path_ + "." + path, text));
  }

  void keep_shares() {
    const auto& hosts = out_->table_->hosts;
    for (size_t i = 0; i < hosts.size(); ++i) {
      for (const config::Route& route : hosts[i].routes) {
        const auto* message = out_->message_of(hosts[i], route);
        if (route.match.fraction && message != nullptr) {
          out_->shares_[&*route.match.fraction] =
              &message->match().runtime_fraction().default_value();
        }
      }
    }
  }

  const RouteSource& source_;
  std::string type_ = RouteConfiguration::descriptor()->full_name();
  std::string path_;  // of the route configuration in the file
  xds::Schema schema_;
  xds::Sources sources_;
  xds::Problems problems_;
  std::unique_ptr<LoadedRoutes> out_ = std::make_unique<LoadedRoutes>();
};

const LoadedRoutes::Share* LoadedRoutes::share_of(const config::RuntimeFraction& fraction) const {
  auto found = shares_.find(&fraction);
  return found == shares_.end() ? nullptr : found->second;
}

const envoy::config::route::v3::VirtualHost& LoadedRoutes::message_of(
    const config::VirtualHost& host) const {
  return message_.virtual_hosts(static_cast<int>(&host - table_->hosts.data()));
}

const envoy::config::route::v3::Route* LoadedRoutes::message_of(const config::VirtualHost& host,
                                                                const config::Route& route) const {
  std::less<const config::Route*> before;
  const config::Route* begin = host.routes.data();
  if (before(&route, begin) || !before(&route, begin + host.routes.size())) return nullptr;
  const auto& message = message_of(host);
  auto index = static_cast<int>(&route - begin);
  return index < message.routes_size() ? &message.routes(index) : nullptr;
}

absl::StatusOr<std::unique_ptr<LoadedRoutes>> load_routes(const RouteSource& source) {
  return RouteLoader(source).load();
}

}  // namespace outrigger::ctl
