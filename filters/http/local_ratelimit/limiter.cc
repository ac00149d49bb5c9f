#include "filters/http/local_ratelimit/limiter.h"

#include <algorithm>

namespace outrigger::filters::http_local_ratelimit {

std::shared_ptr<Limiter> Limiter::fresh() const {
  auto out = std::make_shared<Limiter>();
  if (default_ != nullptr) out->set_default(default_settings_);
  for (const Described& described : described_) out->add(described.entries, described.settings);
  out->always_takes_default_ = always_takes_default_;
  return out;
}

Limiter::Decision Limiter::judge(const std::vector<RateLimitDescriptor>& descriptors,
                                 TokenBucket::Time now) {
  struct Match {
    TokenBucket* bucket;
    uint64_t hits;
  };
  std::vector<Match> matches;
  for (const RateLimitDescriptor& descriptor : descriptors) {
    for (const Described& described : described_) {
      if (described.entries == descriptor.entries) {
        matches.push_back({described.bucket.get(), descriptor.hits.value_or(1)});
      }
    }
  }
  // The tightest first: a request that it refuses takes nothing from the others.
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    return a.bucket->tokens_per_second() < b.bucket->tokens_per_second();
  });
  for (const Match& match : matches) {
    if (!match.bucket->take(match.hits, now)) return {false, match.bucket};
  }
  if (default_ != nullptr && (matches.empty() || always_takes_default_)) {
    if (!default_->take(1, now)) return {false, default_.get()};
  }
  if (matches.empty()) return {true, default_.get()};
  auto least =
      std::min_element(matches.begin(), matches.end(), [now](const Match& a, const Match& b) {
        return a.bucket->available(now) < b.bucket->available(now);
      });
  return {true, least->bucket};
}

}  // namespace outrigger::filters::http_local_ratelimit
