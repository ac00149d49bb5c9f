// The contract of listener filters: what looks at a connection before its filter chain is chosen.
// All of them look at the same octets, which nobody has taken yet ("one peek serves all"). Thread:
// the connection's worker; factories are immutable. Lifetime: until the chain is chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/bytes.h"
#include "api/net/address.h"
#include "api/stream_info.h"

namespace outrigger {

class ListenerFilterVerdict {
 public:
  enum class Kind : uint8_t {
    next,  // done; the next filter looks
    more,  // show me again when at least one more octet is there
    close  // the connection is refused
  };
  static ListenerFilterVerdict next() { return {Kind::next, {}}; }
  static ListenerFilterVerdict more() { return {Kind::more, {}}; }
  static ListenerFilterVerdict close(std::string_view why) { return {Kind::close, why}; }

  Kind kind() const { return kind_; }
  std::string_view why() const { return why_; }  // static text

 private:
  ListenerFilterVerdict(Kind kind, std::string_view why) : kind_(kind), why_(why) {}
  Kind kind_;
  std::string_view why_;
};

// What a filter may ask of the connection.
class ListenerFilterContext {
 public:
  virtual DownstreamConnectionInfo& info() = 0;
  // The destination before a redirect (SO_ORIGINAL_DST, or the socket's own address under TPROXY);
  // nullopt: there was none.
  virtual std::optional<net::Address> original_destination() = 0;
  // Connections to the upstream are to come from the client's address (original_src).
  virtual void use_source_address(const net::Address& source, uint32_t mark) = 0;
  virtual unsigned worker() const = 0;

 protected:
  ~ListenerFilterContext() = default;
};

class ListenerFilter {
 public:
  virtual ~ListenerFilter() = default;
  // `data`: all that has arrived and was not consumed; `end_stream`: no more will. `consumed` takes
  // octets off the front, for everybody behind (a PROXY protocol header).
  virtual ListenerFilterVerdict look(ListenerFilterContext& context, Bytes data, bool end_stream,
                                     size_t& consumed) = 0;
  // How many octets it may want to see; 0: none, it is asked at once.
  virtual size_t max_bytes() const = 0;
};

class ListenerFilterFactory {
 public:
  virtual ~ListenerFilterFactory() = default;
  virtual std::unique_ptr<ListenerFilter> create() const = 0;
};

}  // namespace outrigger
