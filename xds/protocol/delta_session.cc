// Delta: requests tell what changed: names to subscribe to and to unsubscribe from; the first one
// of a stream tells what we have already.
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "envoy/service/discovery/v3/discovery.pb.h"

#include "api/grpc/client.h"
#include "xds/protocol/session.h"

namespace outrigger::xds {
namespace {

using envoy::service::discovery::v3::DeltaDiscoveryRequest;

class DeltaSession final : public Session {
 public:
  explicit DeltaSession(std::string type_url) : type_url_(std::move(type_url)) {}

  void stream_opened() override {
    told_ = false;
    told_wildcard_ = false;
    told_names_.clear();
  }

  std::string request(Interest& interest, const Node* node) override {
    auto touched = interest.take_touched();
    for (const std::string& name : interest.take_again()) {
      if (interest.wants(name) && told_names_.erase(name) > 0) touched.insert(name);
    }
    for (const std::string& name : touched) {
      if (!interest.wants(name) && !interest.wildcard()) versions_.erase(name);
    }
    if (told_wildcard_ && !interest.wildcard()) {
      absl::erase_if(versions_, [&](const auto& one) { return !interest.wants(one.first); });
    }
    DeltaDiscoveryRequest message = base(node);
    bool due = told_ ? add_changes(touched, interest, message) : add_all(interest, message);
    return due ? message.SerializeAsString() : std::string();
  }

  std::string acknowledge(const Acknowledgement& with, Interest&, const Node* node) override {
    DeltaDiscoveryRequest message = base(node);
    message.set_response_nonce(with.nonce);
    if (!with.error.empty()) {
      message.mutable_error_detail()->set_code(static_cast<int>(grpc::Code::invalid_argument));
      message.mutable_error_detail()->set_message(with.error);
    }
    return message.SerializeAsString();
  }

  bool acknowledgement_has_names(const Acknowledgement&) const override { return false; }

  void took(const ResourceUpdate& update,
            const absl::flat_hash_set<std::string>& rejected) override {
    for (const Resource& one : update.added) {
      if (!rejected.contains(one.name)) versions_.insert_or_assign(one.name, one.version);
    }
    for (const std::string& name : update.removed) versions_.erase(name);
  }
  void took_whole(const std::string&) override {}
  void forgot(const std::string& name) override { versions_.erase(name); }

 private:
  DeltaDiscoveryRequest base(const Node* node) const {
    DeltaDiscoveryRequest message;
    message.set_type_url(type_url_);
    if (node != nullptr) *message.mutable_node() = *node;
    return message;
  }

  bool add_all(const Interest& interest, DeltaDiscoveryRequest& message) {
    if (interest.empty()) return false;
    // No names mean all. With names beside it, the wildcard has to be said.
    if (interest.wildcard() && !interest.names().empty())
      message.add_resource_names_subscribe(std::string(kWildcard));
    for (const auto& [name, subscribers] : interest.names()) {
      message.add_resource_names_subscribe(name);
      told_names_.insert(name);
    }
    for (const auto& [name, version] : versions_)
      (*message.mutable_initial_resource_versions())[name] = version;
    told_ = true;
    told_wildcard_ = interest.wildcard();
    return true;
  }

  bool add_changes(const Interest::Touched& touched, const Interest& interest,
                   DeltaDiscoveryRequest& message) {
    if (interest.wildcard() != told_wildcard_) {
      (told_wildcard_ ? message.mutable_resource_names_unsubscribe()
                      : message.mutable_resource_names_subscribe())
          ->Add(std::string(kWildcard));
      told_wildcard_ = interest.wildcard();
    }
    for (const std::string& name : touched) {
      bool wanted = interest.wants(name);
      if (wanted && told_names_.insert(name).second) message.add_resource_names_subscribe(name);
      if (!wanted && told_names_.erase(name) > 0) message.add_resource_names_unsubscribe(name);
    }
    return message.resource_names_subscribe_size() + message.resource_names_unsubscribe_size() > 0;
  }

  const std::string type_url_;
  absl::flat_hash_map<std::string, std::string> versions_;  // of what we have; kept over streams
  bool told_ = false;  // the server had a request of this stream
  bool told_wildcard_ = false;
  absl::flat_hash_set<std::string> told_names_;
};

}  // namespace

std::unique_ptr<Session> make_delta_session(std::string type_url) {
  return std::make_unique<DeltaSession>(std::move(type_url));
}

}  // namespace outrigger::xds
