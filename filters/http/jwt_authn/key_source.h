// KeySource: the keys of one provider, as configuration has them or as workers fetched them last.
// Thread: any; what is fetched is swapped under a lock that is held for a few instructions.
// Lifetime: the settings', shared with those of the next configuration.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/config/cluster_ref.h"
#include "api/stream_info.h"
#include "filters/http/jwt_authn/jwks.h"

namespace outrigger::filters::jwt_authn {

struct RemoteKeys {
  config::ClusterRef cluster;
  std::string scheme, authority, path;
  std::chrono::milliseconds timeout{0};
  std::chrono::milliseconds cache_duration{std::chrono::minutes(10)};
};

class KeySource {
 public:
  // While a server fails, it is asked once in this time, not with every request.
  static constexpr std::chrono::milliseconds kPauseAfterFailure{1000};

  // nullptr: configuration has no usable key.
  explicit KeySource(std::shared_ptr<const Jwks> keys) : keys_(std::move(keys)) {}
  explicit KeySource(RemoteKeys remote) : remote_(std::move(remote)) {}

  // nullopt: the keys are in the configuration.
  const std::optional<RemoteKeys>& remote() const { return remote_; }
  // Are there none, or are they too old?
  bool needs_fetch(MonotonicTime now) const;
  // nullptr: there are none, for the reason in `why`.
  std::shared_ptr<const Jwks> keys(MonotonicTime now, Status& why) const;

  void store(std::shared_ptr<const Jwks> keys, MonotonicTime now);
  void note_failure(Status why, MonotonicTime now);

 private:
  std::optional<RemoteKeys> remote_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Jwks> keys_;
  MonotonicTime fresh_until_;
  MonotonicTime failing_until_;
  Status failure_ = Status::fetch_failed;
};

}  // namespace outrigger::filters::jwt_authn
