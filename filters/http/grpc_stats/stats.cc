#include "filters/http/grpc_stats/stats.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace outrigger::filters::grpc_stats {
namespace {

constexpr const char* kStatusNames[GrpcStats::kStatuses] = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};

std::vector<StatField> make_fields() {
  std::vector<StatField> fields;
  for (unsigned i = 0; i < GrpcStats::kStatuses; ++i) {
    fields.push_back({kStatusNames[i], StatKind::counter,
                      static_cast<uint32_t>(offsetof(GrpcStats, status) + i * sizeof(Counter))});
  }
  auto add = [&fields](const char* name, StatKind kind, size_t offset) {
    fields.push_back({name, kind, static_cast<uint32_t>(offset)});
  };
  add("success", StatKind::counter, offsetof(GrpcStats, success));
  add("failure", StatKind::counter, offsetof(GrpcStats, failure));
  add("total", StatKind::counter, offsetof(GrpcStats, total));
  add("request_message_count", StatKind::counter, offsetof(GrpcStats, request_message_count));
  add("response_message_count", StatKind::counter, offsetof(GrpcStats, response_message_count));
  add("upstream_rq_time", StatKind::histogram, offsetof(GrpcStats, upstream_rq_time));
  return fields;
}

}  // namespace

const StatsLayout& GrpcStats::layout() {
  static const std::vector<StatField> kFields = make_fields();
  static const StatsLayout kLayout{kFields, [] { return static_cast<void*>(new GrpcStats); },
                                   [](void* stats) { delete static_cast<GrpcStats*>(stats); }};
  return kLayout;
}

GrpcStats* Scopes::find(std::string_view cluster, const MethodName& name, unsigned worker) {
  std::string prefix = "cluster." + std::string(cluster) + ".grpc.";
  std::vector<StatTag> tags{{"envoy.cluster_name", std::string(cluster)}};
  if (!name.service.empty()) {
    prefix += name.service + "." + name.method + ".";
    tags.push_back({"envoy.grpc_bridge_service", name.service});
    tags.push_back({"envoy.grpc_bridge_method", name.method});
  }
  std::lock_guard lock(mutex_);
  auto found = scopes_.find(prefix);
  if (found == scopes_.end()) {
    if (scopes_.size() >= kMaxScopes) return nullptr;
    StatsScopePtr scope = registry_.scope<GrpcStats>(prefix, "cluster.grpc.", std::move(tags));
    found = scopes_.emplace(std::move(prefix), std::move(scope)).first;
  }
  return &found->second->local<GrpcStats>(worker);
}

}  // namespace outrigger::filters::grpc_stats
