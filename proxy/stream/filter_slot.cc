#include "proxy/stream/filter_slot.h"

#include "proxy/observe/substitution.h"
#include "proxy/route/header_match.h"
#include "proxy/route/match_source.h"
#include "proxy/runtime/log.h"
#include "proxy/stream/http_service.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

FilterSlot::FilterSlot(Stream& stream, unsigned index, const config::HttpFilterEntry& entry,
                       std::shared_ptr<const HttpFilterFactory> factory,
                       ArenaPtr<HttpFilter> filter)
    : stream_(stream),
      index_(index),
      entry_(entry),
      factory_(std::move(factory)),
      filter_(std::move(filter)) {}

FilterSlot::~FilterSlot() {
  for (TaggedTimer* timer : timers_) {
    if (timer != nullptr) timer->~TaggedTimer();
  }
}

void FilterSlot::cancel_timers() {
  for (TaggedTimer* timer : timers_) {
    if (timer != nullptr) timer->timer.cancel();
  }
}

Arena& FilterSlot::arena() {
  return stream_.arena();
}
StreamInfo& FilterSlot::info() {
  return stream_.info();
}
http::HeaderMap& FilterSlot::request_headers() {
  return stream_.request_headers();
}
http::HeaderMap* FilterSlot::request_trailers() {
  return stream_.request_trailers();
}
http::HeaderMap* FilterSlot::response_headers() {
  // The stream has them when they are past all filters.
  http::HeaderMap* shown = path(Direction::response).headers;
  return shown != nullptr ? shown : stream_.response_headers();
}
http::HeaderMap* FilterSlot::response_trailers() {
  return stream_.response_trailers();
}
http::HeaderMap& FilterSlot::add_request_trailers() {
  http::HeaderMap& trailers = stream_.add_trailers(Direction::request);
  path(Direction::request).added_trailers = &trailers;
  return trailers;
}
http::HeaderMap& FilterSlot::add_response_trailers() {
  http::HeaderMap& trailers = stream_.add_trailers(Direction::response);
  path(Direction::response).added_trailers = &trailers;
  return trailers;
}
const config::Route* FilterSlot::route() {
  return stream_.matched_route().route;
}
void FilterSlot::clear_route() {
  stream_.clear_route();
}

const FilterRouteConfig* FilterSlot::route_config() {
  const FilterRouteConfig* all[4];
  size_t count = route_configs(all, 4);
  return count == 0 ? nullptr : all[count - 1];
}

size_t FilterSlot::route_configs(const FilterRouteConfig* out[], size_t capacity) {
  size_t count = 0;
  auto take = [&](const config::PerFilterConfig& level) {
    const auto* found = level.find(entry_.name);
    if (found != nullptr && found->config != nullptr && count < capacity)
      out[count++] = found->config.get();
  };
  const route::RouteMatchResult& matched = stream_.matched_route();
  take(stream_.route_table().per_filter);
  if (matched.host != nullptr) take(matched.host->per_filter);
  if (matched.route != nullptr) take(matched.route->per_filter);
  if (stream_.weighted_cluster() != nullptr) take(stream_.weighted_cluster()->per_filter);
  return count;
}

void FilterSlot::resume_request() {
  stream_.chain().resume(Direction::request, index_);
}
void FilterSlot::resume_response() {
  stream_.chain().resume(Direction::response, index_);
}
void FilterSlot::hold_request() {
  stream_.chain().hold(Direction::request, index_);
}
void FilterSlot::hold_response() {
  stream_.chain().hold(Direction::response, index_);
}
void FilterSlot::reply(const LocalReply& reply) {
  stream_.filter_reply(reply);
}
DetourResult FilterSlot::take(const Detour& detour) {
  return stream_.take(detour, *path(Direction::response).headers);
}
const DetourMark* FilterSlot::detour_mark() {
  return stream_.detour_mark();
}
void FilterSlot::reset(const Outcome& outcome) {
  stream_.filter_reset(outcome);
}

void FilterSlot::TaggedTimer::fire(void* self) {
  auto* timer = static_cast<TaggedTimer*>(self);
  if (!timer->slot.stream_.ended()) timer->slot.filter_->on_timer(timer->slot, timer->tag);
}

void FilterSlot::start_timer(unsigned tag, std::chrono::milliseconds delay) {
  if (tag >= kTimers || stream_.ended()) return;
  if (timers_[tag] == nullptr)
    timers_[tag] = stream_.arena().make<TaggedTimer>(stream_.services().loop.timers(), *this, tag);
  timers_[tag]->timer.start(delay);
}

void FilterSlot::cancel_timer(unsigned tag) {
  if (tag < kTimers && timers_[tag] != nullptr) timers_[tag]->timer.cancel();
}

size_t FilterSlot::request_buffered() const {
  return paths_[static_cast<unsigned>(Direction::request)].kept.size();
}
void FilterSlot::set_request_buffer_limit(uint64_t bytes) {
  stream_.set_buffer_limit(bytes);
}
std::string_view FilterSlot::request_buffer() {
  return path(Direction::request).kept;
}
std::string_view FilterSlot::response_buffer() {
  return path(Direction::response).kept;
}

void FilterSlot::script_log(LogLevel level, std::string_view line) {
  static_assert(static_cast<int>(LogLevel::critical) == static_cast<int>(log::Level::critical));
  auto as_level = static_cast<log::Level>(level);
  if (log::enabled(log::Component::lua, as_level))
    log::write(log::Component::lua, as_level, {__FILE__, __LINE__, "script_log"}, line);
}

void FilterSlot::drain_connection() {
  stream_.drain_connection();
}

void FilterSlot::show_response() {
  const http::HeaderMap* shown = path(Direction::response).headers;
  if (shown != nullptr) stream_.show_response(*shown);
}

std::string_view FilterSlot::substitute(const config::SubstitutionFormat& format) {
  show_response();
  return stream_.value(format);
}
unsigned FilterSlot::worker() const {
  return stream_.services().worker;
}
uint64_t FilterSlot::random() {
  return stream_.services().random.next();
}
bool FilterSlot::fraction(const config::RuntimeFraction& fraction) {
  return stream_.fraction(fraction);
}

uint64_t FilterSlot::runtime_value(std::string_view key, uint64_t fallback) {
  const config::RuntimeValue* value = stream_.services().runtime->find(key);
  if (value == nullptr) return fallback;
  // A flag: "false" is 0.
  if (!value->number && value->boolean) return *value->boolean ? 1 : 0;
  return value->number.value_or(fallback);
}

bool FilterSlot::server_healthy() const {
  return !stream_.services().server.health_check_failed.load(std::memory_order_relaxed);
}

ClusterHealth FilterSlot::cluster_health(std::string_view cluster) {
  ClusterHealth health;
  upstream::WorkerCluster* found = stream_.services().clusters.find(cluster);
  if (found == nullptr) return health;
  health.exists = true;
  health.endpoints = found->host_count();
  health.available = found->healthy_count();
  return health;
}

std::string_view FilterSlot::route_cluster() {
  const config::Route* route = stream_.matched_route().route;
  const config::ForwardAction* action = route == nullptr ? nullptr : route->forward();
  if (action == nullptr) return {};
  return stream_.matched_route().cluster.name;
}

const config::Cluster* FilterSlot::find_cluster(std::string_view name) {
  upstream::WorkerCluster* found = stream_.services().clusters.find(name);
  return found == nullptr ? nullptr : &found->config();
}

bool FilterSlot::request_matches(std::span<const config::HeaderMatch> conditions) {
  return route::matches_all(conditions, stream_.request_headers(), stream_.arena());
}

void FilterSlot::release_response(size_t bytes) {
  stream_.chain().release(Direction::response, index_, bytes);
}

bool FilterSlot::request_matches(const config::RouteMatch& conditions) {
  return route::matches(conditions,
                        {stream_.request_headers(), stream_.arena(), stream_.stream_random(),
                         &stream_.fractions(), &stream_.info()});
}

const config::MatchSource& FilterSlot::match_source() {
  return *stream_.arena().make<route::RequestSource>(stream_.request_headers(), &stream_.info(),
                                                     &stream_.fractions(),
                                                     path(Direction::response).headers);
}

void FilterSlot::replace_request_body(std::string_view octets) {
  path(Direction::request).replacement = octets;
}
void FilterSlot::replace_response_body(std::string_view octets) {
  path(Direction::response).replacement = octets;
}
void FilterSlot::apply(const config::HeaderMutations& mutations, http::HeaderMap& headers) {
  show_response();
  route::apply(mutations, headers, stream_);
}
void FilterSlot::apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers) {
  show_response();
  route::apply(steps, headers, stream_);
}

std::string_view FilterSlot::render(const config::LogFormat& format,
                                    std::string_view local_reply_body) {
  observe::LogContext context{stream_.info(), &stream_.request_headers(), response_headers(),
                              stream_.response_trailers()};
  context.hostname = stream_.services().hostname;
  context.local_reply_body = local_reply_body;
  return observe::evaluate_to_arena(format, context, stream_.arena());
}

std::shared_ptr<void>& FilterSlot::connection_data(const std::shared_ptr<const void>& owner) {
  auto& all = stream_.connection_info().make_extras().filter_data;
  for (auto& held : all) {
    if (held.first == owner) return held.second;
  }
  return all.emplace_back(owner, nullptr).second;
}

http::AsyncClient& FilterSlot::http_client() {
  return *stream_.services().http_client;
}
grpc::ClientFactory& FilterSlot::grpc_clients() {
  return *stream_.services().grpc_clients;
}

std::string_view FilterSlot::service_cluster() const {
  return stream_.services().node.cluster;
}

MonotonicTime FilterSlot::now() const {
  return stream_.services().loop.now();
}

}  // namespace outrigger::stream
