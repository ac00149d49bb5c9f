// Schema: what loading and checking need to know of a message type, worked out once per type and
// load: fields by both of their names, validation rules, what is supported. Thread: one. Lifetime:
// one load.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "re2/re2.h"

#include "validate/validate.pb.h"

#include "xds/fields.h"

namespace outrigger::xds {

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field = nullptr;
  const validate::FieldRules* rules = nullptr;  // nullptr: none
  Support support = Support::works;
  // A rule can be broken by a field that is not set: a minimal length, a required message.
  bool check_unset = false;
};

struct MessagePlan {
  const google::protobuf::Descriptor* type = nullptr;
  std::vector<FieldPlan> fields;  // by FieldDescriptor::index()
  absl::flat_hash_map<std::string, const FieldPlan*> names;
  std::vector<const FieldPlan*> check_unset;
  std::vector<const google::protobuf::OneofDescriptor*> required_oneofs;
  bool rules_disabled = false;

  const FieldPlan* find(std::string_view name) const {
    auto found = names.find(absl::string_view(name.data(), name.size()));
    return found == names.end() ? nullptr : found->second;
  }
};

class Schema {
 public:
  const MessagePlan& plan(const google::protobuf::Descriptor& type);
  // The type of "type.googleapis.com/envoy.config...", or nullptr.
  const google::protobuf::Descriptor* type_of_url(std::string_view url);
  std::unique_ptr<google::protobuf::Message> make(const google::protobuf::Descriptor& type);
  // The content of a TypedStruct that is right, wherever it is.
  bool was_checked(const std::string& packed) const { return checked_.contains(packed); }
  void set_checked(const std::string& packed);
  // A rule's pattern; nullptr: not a valid one.
  const RE2* pattern(const std::string& text);

 private:
  absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>> plans_;
  absl::flat_hash_map<std::string, std::unique_ptr<RE2>> patterns_;
  absl::flat_hash_set<std::string> checked_;
};

}  // namespace outrigger::xds
