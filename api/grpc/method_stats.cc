#include "api/grpc/method_stats.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "api/http/header_map.h"

namespace outrigger::grpc {
namespace {

constexpr const char* kStatusTexts[MethodStats::kStatuses] = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};

std::vector<StatField> method_fields() {
  std::vector<StatField> fields;
  auto add = [&fields](const char* name, size_t offset) {
    fields.push_back({name, StatKind::counter, static_cast<uint32_t>(offset)});
  };
  for (unsigned i = 0; i < MethodStats::kStatuses; ++i) {
    add(kStatusTexts[i], offsetof(MethodStats, status) + i * sizeof(Counter));
  }
  add("success", offsetof(MethodStats, success));
  add("failure", offsetof(MethodStats, failure));
  add("total", offsetof(MethodStats, total));
  return fields;
}

struct ServiceAndMethod {
  std::string_view service, method;
};

std::optional<ServiceAndMethod> split_path(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size() ||
      path.find('/', slash + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return ServiceAndMethod{path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

void MethodStats::count(std::string_view status_text) {
  uint64_t number = kStatuses;
  bool known = http::parse_decimal(status_text, number) && number < kStatuses;
  if (known) status[number].inc();
  (known && number == 0 ? success : failure).inc();
  total.inc();
}

const StatsLayout& MethodStats::layout() {
  static const std::vector<StatField> kFields = method_fields();
  static const StatsLayout kLayout{kFields, [] { return static_cast<void*>(new MethodStats); },
                                   [](void* stats) { delete static_cast<MethodStats*>(stats); }};
  return kLayout;
}

MethodStats* MethodScopes::find(std::string_view cluster, std::string_view path, unsigned worker) {
  std::optional<ServiceAndMethod> name = split_path(path);
  if (!name) return nullptr;
  std::string prefix = "cluster.";
  for (std::string_view part : {cluster, protocol_, name->service, name->method}) {
    prefix += part;
    prefix += '.';
  }
  std::lock_guard lock(mutex_);
  auto found = scopes_.find(prefix);
  if (found == scopes_.end()) {
    if (scopes_.size() >= kMaxScopes) return nullptr;
    std::vector<StatTag> tags{{"envoy.cluster_name", std::string(cluster)},
                              {"envoy.grpc_bridge_service", std::string(name->service)},
                              {"envoy.grpc_bridge_method", std::string(name->method)}};
    StatsScopePtr scope = registry_.scope<MethodStats>(
        prefix, "cluster." + std::string(protocol_) + ".", std::move(tags));
    found = scopes_.emplace(std::move(prefix), std::move(scope)).first;
  }
  return &found->second->local<MethodStats>(worker);
}

}  // namespace outrigger::grpc
