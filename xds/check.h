// Checks a message against what its descriptors demand (validate/validate.proto: required, ranges,
// lengths, patterns, ...) and against the table of supported fields, through every
// google.protobuf.Any. Thread: any. Lifetime: one load. Problems name the field's path and line:
// "admin.address.socket_address.port_value: value must be less than ... (is 70000), line 4".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

#include "xds/path.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::xds {

class MessageChecker {
 public:
  MessageChecker(Schema& schema, const Sources& sources, Problems& problems,
                 std::vector<std::string>& warnings)
      : schema_(schema), sources_(sources), problems_(problems), warnings_(warnings) {}

  void check(const google::protobuf::Message& message, const Path& path = Path());

 private:
  using Message = google::protobuf::Message;

  void field(const Message& message, const FieldPlan& plan, const Path& path);
  void any(const google::protobuf::Any& packed, const Path& path);
  bool supported(const FieldPlan& plan, const Path& path);
  // `type_url`: of a TypedStruct, of the type that it names. Absent: nothing is to be checked.
  std::unique_ptr<google::protobuf::Message> unpack(const google::protobuf::Any& packed,
                                                    std::string_view type_url, const Path& path);
  void warn_without_effect(const NoEffect& entry, const Path& path);
  void problem(const Path& path, std::string_view text);

  Schema& schema_;
  const Sources& sources_;
  Problems& problems_;
  std::vector<std::string>& warnings_;
  absl::flat_hash_set<const google::protobuf::FieldDescriptor*> warned_;
  absl::flat_hash_set<const NoEffect*> warned_whole_;
  // Inside of a field that has no effect here: its rules hold, but what it asks for need not be
  // supported.
  bool in_harmless_ = false;
};

}  // namespace outrigger::xds
