// ResourceReader: turns a discovered resource's octets into a checked message: the type it must
// have, the rules of its descriptors, the table of supported fields. What has no effect is said
// once for the life of the process. Thread: main. Lifetime: the process's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

#include "xds/schema.h"

namespace outrigger::xds {

struct ResourceReaderOptions {
  bool reject_unknown_fields = false;  // --reject-unknown-dynamic-fields
  bool warn_unknown_fields = true;     // not with --ignore-unknown-dynamic-fields
  std::function<void(const std::string&)> warn;
  std::function<void()> count_unknown;  // server.dynamic_unknown_fields
};

class ResourceReader {
 public:
  explicit ResourceReader(ResourceReaderOptions options = {}) : options_(std::move(options)) {}

  // Errors: one "field path: reason" a line, as configuration files get them.
  template <class T>
  absl::StatusOr<std::unique_ptr<T>> read(const google::protobuf::Any& body) {
    auto message = std::make_unique<T>();
    if (absl::Status status = read_into(body, *message); !status.ok()) return status;
    return message;
  }
  absl::Status check(const google::protobuf::Message& message);

 private:
  absl::Status read_into(const google::protobuf::Any& body, google::protobuf::Message& into);
  absl::Status look_for_unknown(const google::protobuf::Message& message);

  ResourceReaderOptions options_;
  Schema schema_;
  absl::flat_hash_set<std::string> said_;
};

}  // namespace outrigger::xds
