// FilterSlot: one filter of one stream: the filter, its context, and what the chain keeps for it on
// either path. Thread: the stream's worker. Lifetime: made in the stream's arena; destroyed with
// the chain.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "api/config/http_connection_manager.h"
#include "api/filter/http_filter.h"
#include "proxy/runtime/timer_wheel.h"
#include "proxy/stream/filter_chain.h"

namespace outrigger::stream {

class Stream;

class FilterSlot final : public FilterContext {
 public:
  enum class PathState : uint8_t {
    open,
    waiting,
    holding
  };

  struct Path {
    PathState state = PathState::open;
    bool headers_passed = false;
    bool headers_end = false;    // the message is its headers alone
    bool body_end = false;       // the last octet was kept
    bool end_seen = false;       // ... and the filter was shown it
    bool trailers_seen = false;  // the filter was shown them
    bool above_limit = false;
    http::HeaderMap* headers = nullptr;
    http::HeaderMap* trailers = nullptr;
    std::string kept;
    size_t seen = 0;                   // octets of `kept` that the filter was shown
    std::optional<Bytes> replacement;  // of what the filter was shown last
    // The filter made them while it was shown the last of the body.
    http::HeaderMap* added_trailers = nullptr;
  };

  // `factory`: of a discovered filter, which may be replaced while it lives; else nullptr.
  FilterSlot(Stream& stream, unsigned index, const config::HttpFilterEntry& entry,
             std::shared_ptr<const HttpFilterFactory> factory, ArenaPtr<HttpFilter> filter);
  ~FilterSlot();

  HttpFilter& filter() { return *filter_; }
  Path& path(Direction direction) { return paths_[static_cast<unsigned>(direction)]; }
  unsigned index() const { return index_; }
  void cancel_timers();

  // FilterContext
  Arena& arena() override;
  StreamInfo& info() override;
  http::HeaderMap& request_headers() override;
  http::HeaderMap* request_trailers() override;
  http::HeaderMap* response_headers() override;
  http::HeaderMap* response_trailers() override;
  http::HeaderMap& add_request_trailers() override;
  http::HeaderMap& add_response_trailers() override;
  const config::Route* route() override;
  void clear_route() override;
  const FilterRouteConfig* route_config() override;
  size_t route_configs(const FilterRouteConfig* out[], size_t capacity) override;
  void resume_request() override;
  void resume_response() override;
  void hold_request() override;
  void hold_response() override;
  void reply(const LocalReply& reply) override;
  DetourResult take(const Detour& detour) override;
  const DetourMark* detour_mark() override;
  void reset(const Outcome& outcome) override;
  void start_timer(unsigned tag, std::chrono::milliseconds delay) override;
  void cancel_timer(unsigned tag) override;
  size_t request_buffered() const override;
  void set_request_buffer_limit(uint64_t bytes) override;
  std::string_view request_buffer() override;
  std::string_view response_buffer() override;
  std::string_view name() const override { return entry_.name; }
  void script_log(LogLevel level, std::string_view line) override;
  void drain_connection() override;
  std::string_view substitute(const config::SubstitutionFormat& format) override;
  unsigned worker() const override;
  uint64_t random() override;
  bool fraction(const config::RuntimeFraction& fraction) override;
  uint64_t runtime_value(std::string_view key, uint64_t fallback) override;
  bool server_healthy() const override;
  std::string_view route_cluster() override;
  bool request_matches(std::span<const config::HeaderMatch> conditions) override;
  bool request_matches(const config::RouteMatch& conditions) override;
  const config::MatchSource& match_source() override;
  void release_response(size_t bytes) override;
  void replace_request_body(std::string_view octets) override;
  void replace_response_body(std::string_view octets) override;
  void apply(const config::HeaderMutations& mutations, http::HeaderMap& headers) override;
  void apply(const std::vector<config::HeaderStep>& steps, http::HeaderMap& headers) override;
  std::string_view render(const config::LogFormat& format,
                          std::string_view local_reply_body) override;
  std::shared_ptr<void>& connection_data(const std::shared_ptr<const void>& owner) override;
  http::AsyncClient& http_client() override;
  grpc::ClientFactory& grpc_clients() override;
  ClusterHealth cluster_health(std::string_view cluster) override;
  const config::Cluster* find_cluster(std::string_view name) override;
  std::string_view service_cluster() const override;
  MonotonicTime now() const override;

 private:
  static constexpr unsigned kTimers = 4;
  struct TaggedTimer {
    TaggedTimer(runtime::TimerWheel& wheel, FilterSlot& slot_in, unsigned tag_in)
        : slot(slot_in), tag(tag_in), timer(wheel, &TaggedTimer::fire, this) {}
    static void fire(void* self);
    FilterSlot& slot;
    unsigned tag;
    runtime::Timer timer;
  };

  // What formats read of the response that this filter is shown.
  void show_response();

  Stream& stream_;
  unsigned index_;
  const config::HttpFilterEntry& entry_;
  std::shared_ptr<const HttpFilterFactory> factory_;  // nullptr: the entry has it
  ArenaPtr<HttpFilter> filter_;
  std::array<Path, 2> paths_;
  std::array<TaggedTimer*, kTimers> timers_{};
};

}  // namespace outrigger::stream
