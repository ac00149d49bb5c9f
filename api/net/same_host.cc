#include "api/net/same_host.h"

#include "api/net/cidr.h"

namespace outrigger::net {

bool is_same_ip_or_loopback(const Address& remote, const Address& local) {
  constexpr uint32_t kWholeAddress = 128;
  static const Cidr kLoopback4 = *Cidr::from_ip("127.0.0.1", kWholeAddress);
  static const Cidr kLoopback6 = *Cidr::from_ip("::1", kWholeAddress);
  if (remote.is_unix() || kLoopback4.contains(remote) || kLoopback6.contains(remote)) return true;
  auto host = Cidr::around(remote, kWholeAddress);
  return host && host->contains(local);
}

}  // namespace outrigger::net
