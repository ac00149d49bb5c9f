// Answer: a response of a management server, or the content of a file, read and checked for what
// does not depend on a resource's own type: its name, that there is one of each, that all are of
// the response's type. Thread: any. Lifetime: until it is worked off. Input is untrusted.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/service/discovery/v3/discovery.pb.h"

#include "xds/protocol/resource.h"

namespace outrigger::xds {

struct AnsweredResource {
  Resource resource;
  std::optional<std::chrono::milliseconds> ttl;
  // It has no body: what is there stays, only its TTL begins anew.
  bool heartbeat = false;
};

struct Answer {
  std::string type_url;
  std::string version;
  std::string nonce;
  std::string server;  // what it calls itself (control_plane.identifier); may be empty
  std::vector<AnsweredResource> resources;
  std::vector<std::string> removed;
  std::vector<RejectedResource> rejected;
  size_t octets = 0;  // of the response
};

// An error: the octets are no such message.
absl::StatusOr<Answer> read_sotw_answer(std::string_view octets);
absl::StatusOr<Answer> read_delta_answer(std::string_view octets);
// Of a file, whose response need not say its type.
Answer answer_of(envoy::service::discovery::v3::DiscoveryResponse&& response,
                 std::string_view type_url);

// The name that a resource's body has; an error: the body is no such message.
absl::StatusOr<std::string> name_in_body(const google::protobuf::Any& body);

}  // namespace outrigger::xds
