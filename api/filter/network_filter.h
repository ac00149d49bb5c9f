// The contract of network filters: what stands between a connection's transport (after TLS) and
// the end of its filter chain. Thread: NetworkFilter and NetworkFilterContext belong to the
// connection's worker; factories are immutable and shared by all workers. Lifetime: a filter lives
// from the connection's start to its end. Order of calls: on_new_connection, on_data*, on_close.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "api/bytes.h"
#include "api/config/route_match.h"
#include "api/stream_info.h"

namespace outrigger {

// What a filter says of what it was shown.
enum class NetworkVerdict : uint8_t {
  next,  // the next filter sees it
  stop   // nobody behind this filter sees it, or what follows, until resume(); data is kept
};

// What a filter may ask of its connection.
class NetworkFilterContext {
 public:
  virtual DownstreamConnectionInfo& info() = 0;
  // To the peer, past the filters.
  virtual void write(Bytes bytes) = 0;
  // Ends the connection, at once or after what was written is gone. `reason`: static text, for
  // %DOWNSTREAM_LOCAL_CLOSE_REASON%; empty: none. For response flags and
  // %CONNECTION_TERMINATION_DETAILS% set info().make_extras() before.
  virtual void close(bool flush, std::string_view reason) = 0;
  // Ends a `stop` of this filter; only from outside its callbacks.
  virtual void resume() = 0;
  virtual void pause_reading(bool pause) = 0;
  // Calls filter.on_timer() after `delay`; a new call replaces the old.
  virtual void start_timer(std::chrono::milliseconds delay) = 0;
  // The worker's number for StatsScope::local(), 64 random bits, true with the given chance.
  virtual unsigned worker() const = 0;
  virtual uint64_t random() = 0;
  virtual bool fraction(const config::RuntimeFraction& fraction) = 0;
  // A runtime key that is true or false, or `fallback`.
  virtual bool runtime_enabled(std::string_view key, bool fallback) = 0;
  virtual MonotonicTime now() const = 0;

 protected:
  ~NetworkFilterContext() = default;
};

class NetworkFilter {
 public:
  virtual ~NetworkFilter() = default;
  // The connection is accepted; its TLS handshake is not over yet.
  virtual NetworkVerdict on_new_connection(NetworkFilterContext&) { return NetworkVerdict::next; }
  // What arrived. The filter may shorten the view: what it takes off nobody behind it sees.
  virtual NetworkVerdict on_data(NetworkFilterContext&, Bytes& /*data*/, bool /*end_stream*/) {
    return NetworkVerdict::next;
  }
  // What the chain's end writes; called with the first octets of each turn. What the filter writes
  // through the context goes out before them.
  virtual void on_write(NetworkFilterContext&, Bytes /*data*/) {}
  virtual void on_timer(NetworkFilterContext&) {}
  virtual void on_close(NetworkFilterContext&) {}
};

// One compiled network filter; makes a connection's filter.
class NetworkFilterFactory {
 public:
  virtual ~NetworkFilterFactory() = default;
  virtual std::unique_ptr<NetworkFilter> create() const = 0;
  // True: it ends a chain and must be its last filter (echo, direct_response).
  virtual bool terminal() const { return false; }
};

}  // namespace outrigger
