// FakeContext: a stream for one filter in unit tests. The test sets the facts and the dice, moves
// the clock, and reads what the filter asked for. Nothing happens by itself.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/config/cluster.h"
#include "api/filter/http_filter.h"
#include "proxy/observe/substitution.h"
#include "proxy/route/header_match.h"
#include "proxy/route/header_mutation.h"
#include "proxy/route/match.h"
#include "proxy/route/match_source.h"
#include "test/unit/filters/fake_clients.h"

namespace outrigger::filters::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

class FakeContext final : public FilterContext {
 public:
  FakeContext() : arena_(pool_), request_(arena_) {
    auto& forward = route_.action.emplace<config::ForwardAction>();
    forward.cluster.name = "backend";
  }

  // What the test sets.
  bool has_route = true;
  std::vector<const FilterRouteConfig*> levels;  // least specific first
  uint32_t dice = 0;                             // of a million: a fraction above it is drawn
  std::map<std::string, uint64_t, std::less<>> runtime;
  bool healthy = true;
  std::map<std::string, ClusterHealth, std::less<>> clusters;
  std::map<std::string, config::Cluster, std::less<>> cluster_configs;
  MonotonicTime time{std::chrono::hours(1)};

  std::string held_request;
  std::string held_response;
  std::string filter_name = "test.filter";
  DetourResult detour_result = DetourResult::begun;
  const DetourMark* mark = nullptr;

  // What the filter did.
  unsigned routes_cleared = 0;
  std::vector<std::string> replaced;  // pieces of bodies
  FakeAsyncClient http;
  FakeGrpcClients grpc;
  std::optional<uint64_t> buffer_limit;
  std::vector<LocalReply> replies;
  std::vector<Detour> detours;
  unsigned request_resumes = 0;
  unsigned response_resumes = 0;
  unsigned request_holds = 0;
  unsigned response_holds = 0;
  unsigned drains = 0;
  std::vector<std::pair<LogLevel, std::string>> said;  // by scripts
  std::vector<size_t> released;
  std::vector<config::RuntimeFraction> fractions_asked;

  http::HeaderMap& make_request(const Headers& headers) { return fill(request_, headers); }
  http::HeaderMap& make_response(const Headers& headers) { return fill(make(response_), headers); }
  http::HeaderMap& make_trailers(const Headers& headers) { return fill(make(trailers_), headers); }
  config::Route& mutable_route() { return route_; }

  std::optional<std::chrono::milliseconds> timer(unsigned tag) const { return timers_[tag]; }
  // The moment when the timer fires.
  void fire(HttpFilter& filter, unsigned tag) {
    time += *timers_[tag];
    timers_[tag].reset();
    filter.on_timer(*this, tag);
  }

  Arena& arena() override { return arena_; }
  StreamInfo& info() override { return info_; }
  http::HeaderMap& request_headers() override { return request_; }
  http::HeaderMap* request_trailers() override { return nullptr; }
  http::HeaderMap* response_headers() override { return get(response_); }
  http::HeaderMap* response_trailers() override { return nullptr; }
  http::HeaderMap& add_request_trailers() override { return make(trailers_); }
  http::HeaderMap& add_response_trailers() override { return make(trailers_); }
  const config::Route* route() override { return has_route ? &route_ : nullptr; }
  std::string_view route_cluster() override {
    return route() == nullptr || route_.forward() == nullptr ? std::string_view()
                                                             : route_.forward()->cluster.name;
  }
  bool request_matches(std::span<const config::HeaderMatch> conditions) override {
    return route::matches_all(conditions, request_, arena_);
  }
  void clear_route() override { ++routes_cleared; }
  const FilterRouteConfig* route_config() override {
    return levels.empty() ? nullptr : levels.back();
  }
  size_t route_configs(const FilterRouteConfig* out[], size_t capacity) override {
    size_t count = std::min(levels.size(), capacity);
    std::copy_n(levels.begin(), count, out);
    return count;
  }
  bool request_matches(const config::RouteMatch& conditions) override {
    return route::matches(conditions, {request_, arena_, dice, nullptr, &info_});
  }
  const config::MatchSource& match_source() override {
    return *arena_.make<route::RequestSource>(request_, &info_, nullptr, get(response_));
  }
  void replace_request_body(std::string_view octets) override { replaced.emplace_back(octets); }
  void replace_response_body(std::string_view octets) override { replaced.emplace_back(octets); }
  void apply(const config::HeaderMutations& mutations, http::HeaderMap& headers) override {
    Values values(*this);
    route::apply(mutations, headers, values);
  }
  void apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers) override {
    Values values(*this);
    route::apply(steps, headers, values);
  }
  DetourResult take(const Detour& detour) override {
    detours.push_back(detour);
    return detour_result;
  }
  const DetourMark* detour_mark() override { return mark; }
  std::string_view render(const config::LogFormat& format,
                          std::string_view local_reply_body) override {
    observe::LogContext log{info_, &request_, get(response_)};
    log.local_reply_body = local_reply_body;
    return observe::evaluate_to_arena(format, log, arena_);
  }
  std::shared_ptr<void>& connection_data(const std::shared_ptr<const void>& owner) override {
    return connection_data_[owner];
  }
  http::AsyncClient& http_client() override { return http; }
  grpc::ClientFactory& grpc_clients() override { return grpc; }
  void resume_request() override { ++request_resumes; }
  void resume_response() override { ++response_resumes; }
  void hold_request() override { ++request_holds; }
  void hold_response() override { ++response_holds; }
  void release_response(size_t bytes) override { released.push_back(bytes); }
  void reply(const LocalReply& reply) override { replies.push_back(reply); }
  void reset(const Outcome&) override {}
  void start_timer(unsigned tag, std::chrono::milliseconds delay) override { timers_[tag] = delay; }
  void cancel_timer(unsigned tag) override { timers_[tag].reset(); }
  size_t request_buffered() const override { return held_request.size(); }
  void set_request_buffer_limit(uint64_t bytes) override { buffer_limit = bytes; }
  std::string_view request_buffer() override { return held_request; }
  std::string_view response_buffer() override { return held_response; }
  std::string_view name() const override { return filter_name; }
  void script_log(LogLevel level, std::string_view line) override {
    said.emplace_back(level, std::string(line));
  }
  void drain_connection() override { ++drains; }
  unsigned worker() const override { return 0; }
  uint64_t random() override { return dice; }
  bool fraction(const config::RuntimeFraction& fraction) override {
    fractions_asked.push_back(fraction);
    auto found = runtime.find(fraction.runtime_key);
    return dice < (found == runtime.end() ? fraction.per_million : found->second * 10'000);
  }
  uint64_t runtime_value(std::string_view key, uint64_t fallback) override {
    auto found = runtime.find(key);
    return found == runtime.end() ? fallback : found->second;
  }
  bool server_healthy() const override { return healthy; }
  ClusterHealth cluster_health(std::string_view cluster) override {
    auto found = clusters.find(cluster);
    return found == clusters.end() ? ClusterHealth{} : found->second;
  }
  const config::Cluster* find_cluster(std::string_view name) override {
    auto found = cluster_configs.find(name);
    return found == cluster_configs.end() ? nullptr : &found->second;
  }
  std::string_view service_cluster() const override { return "own-cluster"; }
  MonotonicTime now() const override { return time; }
  // Literals, and %REQ(name)%.
  std::string_view substitute(const config::SubstitutionFormat& format) override {
    std::string out;
    for (const config::LogCommand& command : format) {
      bool literal = command.field == config::LogField::literal;
      out += literal ? std::string_view(command.text) : request_.get(command.text);
    }
    return arena_.copy(out);
  }

 private:
  using Slot = http::HeaderMap*;
  struct Values final : route::ValueSource {
    explicit Values(FakeContext& owner) : context(owner) {}
    std::string_view value(const config::SubstitutionFormat& format) override {
      return context.substitute(format);
    }
    FakeContext& context;
  };

  http::HeaderMap& make(Slot& slot) {
    slot = arena_.make<http::HeaderMap>(arena_);
    return *slot;
  }
  static http::HeaderMap* get(Slot& slot) { return slot; }
  static http::HeaderMap& fill(http::HeaderMap& map, const Headers& headers) {
    map.clear();
    for (const auto& [name, value] : headers) map.add_copy(name, value);
    return map;
  }

  ChunkPool pool_;
  Arena arena_;
  StreamInfo info_;
  http::HeaderMap request_;
  Slot response_ = nullptr;
  Slot trailers_ = nullptr;
  std::map<std::shared_ptr<const void>, std::shared_ptr<void>> connection_data_;
  config::Route route_;
  std::array<std::optional<std::chrono::milliseconds>, 4> timers_;
};

}  // namespace outrigger::filters::test
