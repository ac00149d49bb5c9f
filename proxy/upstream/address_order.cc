#include "proxy/upstream/address_order.h"

namespace outrigger::upstream {

std::vector<net::Address> address_order(const config::Endpoint& endpoint,
                                        const config::HappyEyeballs& rules) {
  using First = config::HappyEyeballs::First;
  int first_family = rules.first == First::v4   ? AF_INET
                     : rules.first == First::v6 ? AF_INET6
                                                : endpoint.address.family();
  std::vector<net::Address> first;
  std::vector<net::Address> other;
  auto add = [&](const net::Address& address) {
    (address.family() == first_family ? first : other).push_back(address);
  };
  add(endpoint.address);
  for (const net::Address& address : endpoint.additional_addresses) add(address);
  std::vector<net::Address> order;
  auto next_first = first.begin();
  auto next_other = other.begin();
  while (next_first != first.end() || next_other != other.end()) {
    for (uint32_t i = 0; i < rules.first_count && next_first != first.end(); ++i)
      order.push_back(*next_first++);
    if (next_other != other.end()) order.push_back(*next_other++);
  }
  return order;
}

}  // namespace outrigger::upstream
