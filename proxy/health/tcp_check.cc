#include "proxy/health/tcp_check.h"

#include "proxy/health/payload_match.h"

namespace outrigger::health {

class TcpCheck::Connection final : public runtime::Deferred, public runtime::TransportHandler {
 public:
  explicit Connection(TcpCheck& owner) : owner_(&owner) {}
  bool connect(CheckConnector& connector, const config::Endpoint& endpoint) {
    auto transport = connector.connect(endpoint, {}, *this);
    if (transport.ok()) transport_ = *std::move(transport);
    return transport_ != nullptr;
  }
  bool connected() const { return connected_; }
  void write(Bytes bytes) { transport_->write(bytes); }
  void let_go() { owner_ = nullptr; }

 private:
  void on_connected() override {
    connected_ = true;
    if (owner_ != nullptr) owner_->on_connected();
  }
  void on_data(Bytes bytes) override {
    if (owner_ != nullptr) owner_->on_data(bytes);
  }
  void on_eof() override {
    if (owner_ != nullptr) owner_->on_end();
  }
  void on_closed(int) override {
    if (owner_ != nullptr) owner_->on_end();
  }

  TcpCheck* owner_;  // nullptr: it is given up
  bool connected_ = false;
  std::unique_ptr<runtime::Transport> transport_;
};

TcpCheck::TcpCheck(CheckContext& context, CheckConnector& connector, upstream::HostStatePtr host)
    : CheckSession(context, std::move(host)), connector_(connector) {}

TcpCheck::~TcpCheck() {
  drop();
}

void TcpCheck::ask() {
  answer_.clear();
  if (connection_ != nullptr) return send();
  connection_ = std::make_unique<Connection>(*this);
  if (connection_->connect(connector_, endpoint())) return;
  drop();
  fail(FailureKind::network);
}

void TcpCheck::drop() {
  if (connection_ == nullptr) return;
  connection_->let_go();
  context().loop.defer_delete(std::move(connection_));
}

void TcpCheck::on_connected() {
  if (!tcp().receive.empty()) return send();
  // Being there is enough.
  drop();
  succeed(false);
}

void TcpCheck::send() {
  if (!tcp().send.empty()) connection_->write(tcp().send);
}

void TcpCheck::on_data(Bytes bytes) {
  if (!asking()) return;
  if (answer_.size() + bytes.size() > kMostOfAnAnswer) {
    drop();
    return fail(FailureKind::active);
  }
  answer_.append(bytes);
  if (!matches_in_order(tcp().receive, answer_)) return;
  answer_.clear();
  if (!check().reuse_connection) drop();
  succeed(false);
}

// Between two checks nothing is lost with a connection but itself.
void TcpCheck::on_end() {
  drop();
  fail(FailureKind::network);
}

}  // namespace outrigger::health
