#include "proxy/net/listener_directory.h"

#include <sys/socket.h>

#include <algorithm>

#include "proxy/net/listener.h"

namespace outrigger::net {
namespace {

std::string key(const Address& address) {
  return address.is_internal() ? "envoy://" + std::string(address.internal_listener())
                               : address.text();
}

}  // namespace

void ListenerDirectory::add(const Address& address, Listener& listener) {
  by_address_[key(address)].push_back(&listener);
}

void ListenerDirectory::remove(const Address& address, const Listener& listener) {
  auto found = by_address_.find(key(address));
  if (found == by_address_.end()) return;
  auto& listeners = found->second;
  listeners.erase(std::remove(listeners.begin(), listeners.end(), &listener), listeners.end());
  if (listeners.empty()) by_address_.erase(found);
}

Listener* ListenerDirectory::exactly(const Address& address) const {
  auto found = by_address_.find(key(address));
  return found == by_address_.end() ? nullptr : found->second.front();
}

Listener* ListenerDirectory::find(const Address& address) const {
  if (Listener* exact = exactly(address)) return exact;
  if (!address.is_ip()) return nullptr;
  if (address.family() == AF_INET) {
    if (Listener* any = exactly(*Address::from_ip("0.0.0.0", address.port()))) return any;
  }
  Listener* any = exactly(*Address::from_ip("::", address.port()));
  // An IPv6 socket takes IPv4 connections only if it is told to.
  return any == nullptr || address.family() == AF_INET6 || any->takes_ipv4() ? any : nullptr;
}

Listener* ListenerDirectory::find_internal(std::string_view name) const {
  auto address = Address::from_internal(name, {});
  return address ? exactly(*address) : nullptr;
}

}  // namespace outrigger::net
