// State of the world: every request lists all names, with the last version that was taken whole and
// the nonce of the last response of this stream.
#include <utility>

#include "envoy/service/discovery/v3/discovery.pb.h"

#include "api/grpc/client.h"
#include "xds/protocol/session.h"

namespace outrigger::xds {
namespace {

using envoy::service::discovery::v3::DiscoveryRequest;

class SotwSession final : public Session {
 public:
  explicit SotwSession(std::string type_url) : type_url_(std::move(type_url)) {}

  void stream_opened() override {
    nonce_.clear();
    told_ = false;
    told_names_ = false;
  }

  std::string request(Interest& interest, const Node* node) override {
    interest.take_again();
    bool changed = !interest.take_touched().empty() || interest.wildcard() != told_wildcard_;
    if (told_ ? !changed : interest.empty()) return {};
    DiscoveryRequest message = base(interest, node);
    message.set_version_info(version_);
    message.set_response_nonce(nonce_);
    return message.SerializeAsString();
  }

  std::string acknowledge(const Acknowledgement& with, Interest& interest,
                          const Node* node) override {
    if (with.error.empty()) interest.take_touched();
    nonce_ = with.nonce;
    DiscoveryRequest message = base(interest, node);
    message.set_version_info(version_);
    message.set_response_nonce(nonce_);
    if (!with.error.empty()) {
      message.mutable_error_detail()->set_code(static_cast<int>(grpc::Code::invalid_argument));
      message.mutable_error_detail()->set_message(with.error);
    }
    return message.SerializeAsString();
  }

  // Servers look at an error first, and some at nothing else.
  bool acknowledgement_has_names(const Acknowledgement& with) const override {
    return with.error.empty();
  }

  void took(const ResourceUpdate&, const absl::flat_hash_set<std::string>&) override {}
  void took_whole(const std::string& version) override { version_ = version; }
  void forgot(const std::string&) override {}

 private:
  DiscoveryRequest base(const Interest& interest, const Node* node) {
    DiscoveryRequest message;
    message.set_type_url(type_url_);
    if (node != nullptr) *message.mutable_node() = *node;
    // No names mean all, but only until there were some on this stream.
    if (interest.wildcard() && (told_names_ || !interest.names().empty()))
      message.add_resource_names(std::string(kWildcard));
    for (const auto& [name, subscribers] : interest.names()) message.add_resource_names(name);
    told_ = true;
    told_names_ = told_names_ || !interest.names().empty();
    told_wildcard_ = interest.wildcard();
    return message;
  }

  const std::string type_url_;
  std::string version_;  // of the last response that was taken whole; kept over streams
  std::string nonce_;
  bool told_ = false;           // the server had a request of this stream
  bool told_names_ = false;     // one with names
  bool told_wildcard_ = false;  // the last one asked for all
};

}  // namespace

std::unique_ptr<Session> make_sotw_session(std::string type_url) {
  return std::make_unique<SotwSession>(std::move(type_url));
}

}  // namespace outrigger::xds
