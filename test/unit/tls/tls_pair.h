// TlsPair: a server's and a client's transport of TLS, back to back over connections in memory. The
// test carries the octets: all of them, or in pieces. Thread: the test's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "api/stats_tls.h"
#include "proxy/observe/stats_store.h"
#include "proxy/tls/client_context.h"
#include "proxy/tls/server_context.h"
#include "test/unit/support/certificates.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::test {

// Who uses one of the transports, and what it heard.
struct Owner final : runtime::TransportHandler {
  std::unique_ptr<runtime::Transport> transport;
  std::string received;
  int connected = 0, eofs = 0, closes = 0, blocked = 0, resumed = 0;
  int error = -1;
  size_t largest = 0;  // of one delivery
  bool pause_after_data = false;
  bool close_after_data = false;

  void take(std::unique_ptr<runtime::Transport> made) {
    transport = std::move(made);
    transport->set_handler(*this);
  }
  void on_connected() override { ++connected; }
  void on_data(Bytes bytes) override {
    EXPECT_EQ(closes, 0);
    EXPECT_FALSE(bytes.empty());
    received += bytes;
    largest = std::max(largest, bytes.size());
    if (pause_after_data) transport->pause_reading(true);
    if (close_after_data) transport->close_when_flushed();
  }
  void on_eof() override { ++eofs; }
  void on_closed(int e) override {
    ++closes;
    error = e;
  }
  void on_write_blocked() override { ++blocked; }
  void on_write_resumed() override { ++resumed; }
};

class TlsPair : public ::testing::Test {
 protected:
  static const Certified& root() {
    static const Certified made = Certified::authority("root");
    return made;
  }
  static const Certified& server_certificate() {
    static const Certified made = root().leaf({"DNS:server.example", "DNS:*.wild.example"});
    return made;
  }
  static const Certified& client_certificate() {
    static const Certified made = root().leaf({"URI:spiffe://td/ns/default/sa/client"});
    return made;
  }

  TlsPair() {
    server.certificates = {server_certificate().config()};
    server.stats = stats.scope<TlsStats>("listener.x.ssl.");
    client.stats = stats.scope<TlsStats>("cluster.x.ssl.");
    server.registry = client.registry = &stats;
    client.max_version = config::TlsVersion::tls1_3;
    client.sni = "server.example";
    target.host_name = "server.example";
  }
  ~TlsPair() override {
    for (auto& one : old_) one.reset();
  }

  static config::TlsValidation trusting(const Certified& authority) {
    config::TlsValidation made;
    made.ca_pem = authority.certificate_pem();
    made.ca_source = "<inline>";
    return made;
  }

  void publish() {
    server_slot->set(std::make_shared<config::TlsContext>(server));
    client_slot->set(std::make_shared<config::TlsContext>(client));
  }

  // New connections, not yet connected. The old owners stay alive.
  void open() {
    if (s != nullptr) old_.push_back(std::move(s));
    if (c != nullptr) old_.push_back(std::move(c));
    s = std::make_unique<Owner>();
    c = std::make_unique<Owner>();
    if (server_slot->version() == 0) publish();
    auto [accepted, peer] = loop.accept_client();
    server_peer = std::move(peer);
    s->take(server_context.wrap(std::move(accepted), handshake_timeout));
    auto connecting = loop.connect({}, *c);
    c->take(client_context.wrap(std::move(*connecting), target));
    client_peer = &loop.peer(loop.peer_count() - 1);
    fin_to_server = fin_to_client = false;
    client_peer->accept();
  }

  // Carries what waits, `piece` octets at a time, until nothing moves.
  void carry(size_t piece = std::string::npos) {
    for (bool moved = true; moved;) {
      moved = carry_from(*client_peer, *server_peer, fin_to_server, piece);
      moved |= carry_from(*server_peer, *client_peer, fin_to_client, piece);
    }
  }

  // A whole handshake.
  void connect() {
    open();
    carry();
  }

  uint64_t count(const config::TlsContext& context, Counter TlsStats::*counter) {
    return (context.stats->local<TlsStats>(0).*counter).value();
  }
  uint64_t server_count(Counter TlsStats::*counter) { return count(server, counter); }
  uint64_t client_count(Counter TlsStats::*counter) { return count(client, counter); }

  observe::StatsStore stats;
  FakeLoop loop;
  config::TlsContext server, client;
  config::TlsContextSlotPtr server_slot = std::make_shared<config::TlsContextSlot>();
  config::TlsContextSlotPtr client_slot = std::make_shared<config::TlsContextSlot>();
  tls::ServerContext server_context{server_slot, loop, 0};
  tls::ClientContext client_context{client_slot, loop, 0};
  tls::ClientTarget target;
  std::chrono::milliseconds handshake_timeout{0};
  std::unique_ptr<Owner> s, c;
  std::shared_ptr<FakePeer> server_peer;
  FakePeer* client_peer = nullptr;
  bool fin_to_server = false, fin_to_client = false;

 private:
  bool carry_from(FakePeer& from, FakePeer& to, bool& fin, size_t piece) {
    std::string bytes = from.take();
    bool moved = !bytes.empty();
    for (size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at))
      to.send(bytes.substr(at, piece));
    if (from.got_fin() && !fin) {
      fin = moved = true;
      to.close();
    }
    return moved;
  }

  std::vector<std::unique_ptr<Owner>> old_;
};

}  // namespace outrigger::test
