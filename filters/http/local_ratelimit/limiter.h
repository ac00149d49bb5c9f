// Limiter: the buckets of one configuration: those of descriptors, and the one of all requests.
// Thread: any; the buckets are shared by all workers. Lifetime: the settings'.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/filter/rate_limit_descriptor.h"
#include "filters/http/local_ratelimit/token_bucket.h"

namespace outrigger::filters::http_local_ratelimit {

class Limiter {
 public:
  using Entries = std::vector<std::pair<std::string, std::string>>;
  struct Decision {
    bool allowed = true;
    const TokenBucket* bucket = nullptr;  // the one that says how much is left; nullptr: no limit
  };

  void set_default(const BucketSettings& settings) {
    default_ = std::make_unique<TokenBucket>(settings);
    default_settings_ = settings;
  }
  void add(Entries entries, const BucketSettings& settings) {
    described_.push_back({std::move(entries), settings, std::make_unique<TokenBucket>(settings)});
  }
  // The same limits with buckets of its own, of which nobody took anything.
  std::shared_ptr<Limiter> fresh() const;
  void set_always_takes_default(bool always) { always_takes_default_ = always; }
  bool uses_descriptors() const { return !described_.empty(); }

  Decision judge(const std::vector<RateLimitDescriptor>& descriptors, TokenBucket::Time now);

 private:
  struct Described {
    Entries entries;
    BucketSettings settings;
    std::unique_ptr<TokenBucket> bucket;
  };

  std::vector<Described> described_;
  std::unique_ptr<TokenBucket> default_;  // nullptr: requests without a descriptor have no limit
  BucketSettings default_settings_;
  bool always_takes_default_ = true;
};

}  // namespace outrigger::filters::http_local_ratelimit
