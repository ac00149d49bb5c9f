// HandshakeStats: the counters of finished handshakes of one context on one worker:
// ssl.handshake, and by name ssl.versions.<name>, ssl.ciphers.<name>, ssl.curves.<name> and
// ssl.sigalgs.<name>, which are made when such a handshake is seen. Thread: that worker.
#pragma once

#include <string_view>
#include <vector>

#include "api/config/tls.h"
#include "api/stats_tls.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

// The curve of the key agreement, by BoringSSL's name; empty: there was none.
std::string_view group_name(SSL* ssl);

class HandshakeStats {
 public:
  HandshakeStats(const config::TlsContext& context, unsigned worker);

  TlsStats& counters() { return counters_; }
  void count(SSL* ssl);

 private:
  enum class Group : uint8_t {
    versions,
    ciphers,
    curves,
    sigalgs
  };
  struct Named {
    Group group;
    std::string name;
    Counter* counter;
    StatsScopePtr scope;
  };

  void count(Group group, std::string_view name);

  StatsScopePtr scope_;
  StatsRegistry* registry_;
  TlsStats& counters_;
  std::vector<Named> named_;  // a handful
  unsigned worker_;
};

}  // namespace outrigger::tls
