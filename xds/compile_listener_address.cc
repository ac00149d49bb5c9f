#include "xds/compile_listener_address.h"

#include <string>

#include "fmt/format.h"

#include "xds/compile_socket_options.h"
#include "xds/compile_values.h"

namespace outrigger::xds {
namespace {

using envoy::config::listener::v3::AdditionalAddress;
using envoy::config::listener::v3::Listener;
using ListenAddress = config::Listener::ListenAddress;

ListenAddress compile_one(const std::string& field, const envoy::config::core::v3::Address& address,
                          FieldErrors& errors) {
  ListenAddress out;
  out.address = errors.take_nested(field, compile_address(address));
  out.ipv4_compat = address.socket_address().ipv4_compat();
  if (out.ipv4_compat && out.address.family() == AF_INET)
    errors.add(field + ".socket_address.ipv4_compat", "is for IPv6 addresses");
  if (address.pipe().mode() != 0) out.unix_mode = address.pipe().mode();
  if (out.unix_mode && out.address.is_unix() && out.address.ip_text().starts_with("@"))
    errors.add(field + ".pipe.mode", "an abstract Unix socket has no permissions");
  return out;
}

void compile_internal(const Listener& listener, config::Listener& out, FieldErrors& errors) {
  out.internal = true;
  if (listener.has_address() || listener.additional_addresses_size() > 0)
    errors.add("internal_listener", "an internal listener has no address");
  auto address = net::Address::from_internal(listener.name(), {});
  if (!address) errors.add("name", "an internal listener needs a name of at most 120 octets");
  out.addresses.push_back({address.value_or(net::Address()), false, {}, {}});
}

}  // namespace

void compile_listener_addresses(const Listener& listener, config::Listener& out,
                                FieldErrors& errors) {
  if (listener.has_internal_listener()) {
    compile_internal(listener, out, errors);
    return;
  }
  if (!listener.has_address()) {
    errors.add("address", "value is required");
    return;
  }
  auto own = errors.take_nested("", compile_socket_options(listener.socket_options()));
  out.addresses.push_back(compile_one("address", listener.address(), errors));
  out.addresses.back().socket_options = own;
  for (int i = 0; i < listener.additional_addresses_size(); ++i) {
    const AdditionalAddress& additional = listener.additional_addresses(i);
    std::string field = indexed("additional_addresses", i);
    out.addresses.push_back(compile_one(field + ".address", additional.address(), errors));
    // Its options instead of the listener's, also if they are none.
    out.addresses.back().socket_options =
        additional.has_socket_options()
            ? errors.take_nested(
                  field + ".socket_options",
                  compile_socket_options(additional.socket_options().socket_options()))
            : own;
  }
}

}  // namespace outrigger::xds
