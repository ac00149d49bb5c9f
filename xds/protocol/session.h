// Session: what one type's requests say: which names, which version and nonce. One class for each
// variant of the protocol; neither has a stream or a clock. Thread: main. Lifetime: the topic's;
// it goes on from stream to stream.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

#include "envoy/config/core/v3/base.pb.h"

#include "xds/protocol/answer.h"
#include "xds/protocol/interest.h"

namespace outrigger::xds {

// What a response is to be answered with.
struct Acknowledgement {
  std::string version;
  std::string nonce;
  std::string error;  // empty: everything was taken
};

class Session {
 public:
  using Node = envoy::config::core::v3::Node;
  virtual ~Session() = default;

  // A new stream: it knows nothing of this type.
  virtual void stream_opened() = 0;
  // A request for the names of now, as octets. Empty: the server knows already.
  virtual std::string request(Interest& interest, const Node* node) = 0;
  virtual std::string acknowledge(const Acknowledgement& with, Interest& interest,
                                  const Node* node) = 0;
  // Whether acknowledge() tells names that changed as well.
  virtual bool acknowledgement_has_names(const Acknowledgement& with) const = 0;

  // What a response or an expired TTL changed of what we have.
  virtual void took(const ResourceUpdate& update,
                    const absl::flat_hash_set<std::string>& rejected) = 0;
  virtual void took_whole(const std::string& version) = 0;
  virtual void forgot(const std::string& name) = 0;
};

std::unique_ptr<Session> make_sotw_session(std::string type_url);
std::unique_ptr<Session> make_delta_session(std::string type_url);

}  // namespace outrigger::xds
