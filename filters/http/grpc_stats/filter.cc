#include "filters/http/grpc_stats/filter.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace outrigger::filters::grpc_stats {

using http::HeaderId;

namespace {

constexpr std::string_view kFilterState = "envoy.filters.http.grpc_stats";
constexpr std::string_view kGrpc = "application/grpc";

bool has_grpc_type(const http::HeaderMap& headers) {
  std::string_view type = headers.get(HeaderId::content_type);
  return type.starts_with(kGrpc) && (type.size() == kGrpc.size() || type[kGrpc.size()] == '+');
}

// "/package.Service/Method"; nullopt: it is something else.
std::optional<MethodName> parse_method(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size() ||
      path.find('/', slash + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return MethodName{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

bool is_listed(const Settings& settings, const MethodName& name) {
  auto service = settings.methods.find(name.service);
  if (service == settings.methods.end()) return false;
  return service->second.empty() || service->second.contains(name.method);
}

}  // namespace

Verdict GrpcStatsFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                            bool) {
  grpc_request_ = has_grpc_type(headers);
  if (grpc_request_) find_stats(context, headers.get(HeaderId::path));
  return Verdict::next();
}

void GrpcStatsFilter::find_stats(FilterContext& context, std::string_view path) {
  std::string_view cluster = context.route_cluster();
  if (cluster.empty() || context.find_cluster(cluster) == nullptr) return;
  const Settings& settings = factory_.settings();
  std::optional<MethodName> name = parse_method(path);
  if (settings.all_methods && !name) return;
  if (!settings.all_methods && name && !is_listed(settings, *name)) name.reset();
  if (name && settings.replace_dots) {
    std::replace(name->service.begin(), name->service.end(), '.', '_');
  }
  stats_ = factory_.scopes().find(cluster, name.value_or(MethodName()), context.worker());
}

Verdict GrpcStatsFilter::on_request_body(FilterContext& context, std::string_view body, bool) {
  if (!grpc_request_) return Verdict::next();
  uint64_t messages = requests_.count(body);
  if (messages > 0) {
    note_messages(context);
    if (stats_ != nullptr) stats_->request_message_count.add(messages);
  }
  return Verdict::next();
}

Verdict GrpcStatsFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                             bool end_stream) {
  grpc_response_ = !end_stream && headers.get(HeaderId::status) == "200" && has_grpc_type(headers);
  count_status(context, headers);
  return Verdict::next();
}

Verdict GrpcStatsFilter::on_response_body(FilterContext& context, std::string_view body, bool) {
  if (!grpc_response_) return Verdict::next();
  uint64_t messages = responses_.count(body);
  if (messages > 0) {
    note_messages(context);
    if (stats_ != nullptr) stats_->response_message_count.add(messages);
  }
  return Verdict::next();
}

Verdict GrpcStatsFilter::on_response_trailers(FilterContext& context, http::HeaderMap& trailers) {
  count_status(context, trailers);
  return Verdict::next();
}

void GrpcStatsFilter::count_status(FilterContext& context, const http::HeaderMap& headers) {
  const http::HeaderField* field = headers.find(HeaderId::grpc_status);
  if (stats_ == nullptr || field == nullptr) return;
  uint64_t status = 0;
  if (http::parse_decimal(field->value, status) && status < GrpcStats::kStatuses) {
    stats_->status[status].inc();
  }
  (field->value == "0" ? stats_->success : stats_->failure).inc();
  stats_->total.inc();
  const StreamInfo& info = context.info();
  if (factory_.settings().upstream_time && info.upstream_last_sent && info.upstream_last_received) {
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(*info.upstream_last_received -
                                                                      *info.upstream_last_sent);
    if (took.count() >= 0) stats_->upstream_rq_time.record(static_cast<uint64_t>(took.count()));
  }
}

void GrpcStatsFilter::note_messages(FilterContext& context) {
  if (!factory_.settings().emit_filter_state) return;
  context.info()
      .make_extras(context.arena())
      .filter_state.set(kFilterState, std::to_string(requests_.total()) + "," +
                                          std::to_string(responses_.total()));
}

ArenaPtr<HttpFilter> GrpcStatsFactory::create(Arena& arena) const {
  return make_in_arena<GrpcStatsFilter>(arena, *this);
}

}  // namespace outrigger::filters::grpc_stats
