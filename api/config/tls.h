// TlsContext: one side's TLS settings with their secrets, compiled. TlsContextSlot: the place that
// a filter chain or a cluster refers to; its content is replaced when a file or secret changes,
// and connections made from then on use the new one. Thread: TlsContext any, immutable.
// Semantics: envoy.extensions.transport_sockets.tls.v3. Compiled by xds/compile_tls.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/config/slot.h"
#include "api/config/string_matcher.h"
#include "api/stats.h"

namespace outrigger::config {

// A chain and its key, as PEM text. `*_source`: the file's name, or "<inline>".
struct TlsCertificate {
  std::string name;  // the secret's; empty: none
  std::string chain_pem, chain_source;
  std::string key_pem, key_source, password;
  std::string pkcs12;
  std::string ocsp_staple;  // DER; empty: none
};

struct SanMatcher {
  enum class Type : uint8_t {
    dns,
    uri,
    email,
    ip,
    other_name
  };
  Type type = Type::dns;
  std::string oid;  // other_name
  StringMatcher matcher;
};

// What a peer's certificate has to be.
struct TlsValidation {
  std::string name;
  std::string ca_pem, ca_source;  // empty: no chain is verified
  std::string crl_pem;
  bool system_roots = false;
  std::vector<SanMatcher> sans;                 // any of them; empty: all names
  std::vector<std::string> certificate_hashes;  // SHA-256, 32 octets each
  std::vector<std::string> spki_hashes;         // SHA-256 of the public key, 32 octets each
  bool accept_untrusted = false;                // ACCEPT_UNTRUSTED
  bool allow_expired = false;
  bool only_verify_leaf_crl = false;
  std::optional<uint32_t> max_verify_depth;
};

enum class TlsVersion : uint8_t {
  auto_,
  tls1_0,
  tls1_1,
  tls1_2,
  tls1_3
};

enum class OcspPolicy : uint8_t {
  lenient,
  strict,
  must_staple
};

// The keys that encrypt session tickets where none are configured: random, the same for every
// worker and context of the process, so that a client may come back to any of them. Replaced now
// and then: what a key encrypted can be read as long as the key is kept. Thread: any.
class TicketKeyRing {
 public:
  // Name (16 octets), HMAC key (32), AES key (32); the first encrypts, all decrypt.
  using Keys = std::vector<std::string>;

  // Takes a lock, so ask only when version() has changed.
  Keys keys() const {
    std::lock_guard lock(mutex_);
    return keys_;
  }
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  void set(Keys keys) {
    {
      std::lock_guard lock(mutex_);
      keys_ = std::move(keys);
    }
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  Keys keys_;
  std::atomic<uint64_t> version_{0};
};

struct TlsContext {
  TlsVersion min_version = TlsVersion::auto_;
  TlsVersion max_version = TlsVersion::auto_;
  std::vector<std::string> ciphers;  // TLS 1.2 and below; "[A|B]" are equal; empty: the default
  std::vector<std::string> curves;
  std::vector<std::string> signature_algorithms;
  std::vector<std::string> alpn;
  std::vector<TlsCertificate> certificates;
  std::optional<TlsValidation> validation;
  std::string key_log_path;  // empty: none

  // Server side.
  bool require_client_certificate = false;
  bool full_scan_certs_on_sni_mismatch = false;
  bool prefer_client_ciphers = false;
  OcspPolicy ocsp = OcspPolicy::lenient;
  std::vector<std::string> ticket_keys;  // 80 octets each; empty: keys of the process, rotated
  bool stateless_resumption = true;
  bool stateful_resumption = true;
  std::optional<std::chrono::seconds> session_timeout;

  // Client side.
  std::string sni;
  bool auto_host_sni = false;
  bool auto_sni_san_validation = false;
  bool allow_renegotiation = false;
  bool enforce_rsa_key_usage = false;
  uint32_t max_session_keys = 1;

  StatsScopePtr stats;                // TlsStats: listener.<address>.ssl., cluster.<name>.ssl.
  StatsRegistry* registry = nullptr;  // for ssl.ciphers.<name> and the like, made when seen
  std::shared_ptr<const TicketKeyRing> shared_ticket_keys;  // of the process; server side
};
using TlsContextPtr = std::shared_ptr<const TlsContext>;

// Empty until its secrets are there.
class TlsContextSlot : public Slot<TlsContext> {
 public:
  StatsScopePtr factory_stats;  // TlsFactoryStats; set before others see the slot
};
using TlsContextSlotPtr = std::shared_ptr<TlsContextSlot>;

}  // namespace outrigger::config
