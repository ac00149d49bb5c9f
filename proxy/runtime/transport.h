// Transport: a byte stream to a peer, and what its owner hears of it. A loop's socket is one; TLS
// and network filters are others around it. Thread: one worker. Lifetime: owned by the connection
// that uses it, and destroyed with it by Loop::defer_delete, never inside one of its calls; that
// closes the descriptor at once, unsent output is lost.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "api/bytes.h"
#include "api/http/codec.h"
#include "api/net/address.h"
#include "api/net/socket_option.h"
#include "api/tls_connection.h"

namespace outrigger {
struct DownstreamConnectionInfo;
}

namespace outrigger::runtime {

class TransportHandler {
 public:
  // An outgoing connection is up; with TLS, of either side: the handshake is over.
  virtual void on_connected() {}
  // What arrived; the view is valid during the call only.
  virtual void on_data(Bytes bytes) = 0;
  // The peer's FIN: nothing more will arrive. Writing is still possible.
  virtual void on_eof() = 0;
  // The transport is dead: `error` is an errno, 0 after an orderly close_when_flushed. Last call;
  // never from inside write().
  virtual void on_closed(int error) = 0;
  // The output queue rose above its limit / fell below half of it.
  virtual void on_write_blocked() {}
  virtual void on_write_resumed() {}

 protected:
  ~TransportHandler() = default;
};

class Transport : public http::CodecTransport {
 public:
  virtual ~Transport() = default;
  virtual void set_handler(TransportHandler& handler) = 0;
  // Where the facts of a downstream connection are from now on, for those around the transport who
  // read them and add to them (network filters). Lives as long as the transport's owner.
  virtual void bind_info(DownstreamConnectionInfo&) {}
  // Octets that the system has not taken yet.
  virtual size_t output_queued() const = 0;
  virtual void set_output_limit(size_t bytes) = 0;
  // Sends what waits now instead of at the end of the turn.
  virtual void flush() = 0;
  // FIN once the output is flushed, what still arrives is discarded until the peer's FIN, then
  // on_closed(0).
  virtual void close_when_flushed() = 0;
  virtual net::Address local_address() const = 0;
  virtual net::Address remote_address() const = 0;
  virtual uint64_t bytes_received() const = 0;
  virtual uint64_t bytes_sent() const = 0;  // to the network: with TLS, records
  // nullptr: plain, or the handshake is not over. Shared by those who log it after the connection.
  virtual std::shared_ptr<const TlsConnection> tls() const { return nullptr; }
  // Why the transport itself failed ("TLS_error:..."); empty: it did not. Valid as long as the
  // transport.
  virtual std::string_view failure_reason() const { return {}; }
  // The destination before a redirect of the packet filter; nullopt: there was none.
  virtual std::optional<net::Address> original_destination() const { return std::nullopt; }
  // Gives what the handler got back: all of it that it did not use, and the peer's FIN if that was
  // told. The handler that is there when the turn goes on gets it again, before anything else.
  // false: only sockets that a listener accepted can do it.
  virtual bool unread(Bytes /*bytes*/, bool /*eof*/) { return false; }
  // Sets an option of the socket; false: the system refused, or there is no socket.
  virtual bool set_option(const net::SocketOption&) { return false; }
};

}  // namespace outrigger::runtime
