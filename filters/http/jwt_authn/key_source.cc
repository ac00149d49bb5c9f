#include "filters/http/jwt_authn/key_source.h"

#include <utility>

namespace outrigger::filters::jwt_authn {

bool KeySource::needs_fetch(MonotonicTime now) const {
  if (!remote_) return false;
  std::lock_guard lock(mutex_);
  return (keys_ == nullptr || now >= fresh_until_) && now >= failing_until_;
}

std::shared_ptr<const Jwks> KeySource::keys(MonotonicTime now, Status& why) const {
  why = Status::no_valid_keys;
  if (!remote_) return keys_;
  std::lock_guard lock(mutex_);
  if (keys_ != nullptr && now < fresh_until_) return keys_;
  why = failure_;
  return nullptr;
}

void KeySource::store(std::shared_ptr<const Jwks> keys, MonotonicTime now) {
  std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  fresh_until_ = now + remote_->cache_duration;
}

void KeySource::note_failure(Status why, MonotonicTime now) {
  std::lock_guard lock(mutex_);
  failure_ = why;
  failing_until_ = now + kPauseAfterFailure;
}

}  // namespace outrigger::filters::jwt_authn
