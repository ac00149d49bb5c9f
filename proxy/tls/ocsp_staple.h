// OcspStaple: the answer of a certificate's authority that it is not revoked, which the server
// sends along. Thread: one worker, or main to check. Lifetime: its certificate's.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class OcspStaple {
 public:
  OcspStaple() = default;  // none
  // An error if `der` is not a good answer about this certificate.
  static absl::StatusOr<OcspStaple> parse(const std::string& der, X509* certificate);

  bool present() const { return !der_.empty(); }
  bool valid_now() const { return present() && std::chrono::system_clock::now() < next_update_; }
  const std::string& der() const { return der_; }
  std::chrono::system_clock::time_point this_update() const { return this_update_; }
  std::chrono::system_clock::time_point next_update() const { return next_update_; }

 private:
  std::string der_;
  std::chrono::system_clock::time_point this_update_, next_update_;
};

// The certificate says that it is to be refused without a staple (RFC 7633).
bool must_staple(X509* certificate);

}  // namespace outrigger::tls
