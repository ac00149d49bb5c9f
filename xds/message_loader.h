// MessageLoader: the walk of load.h over nodes and fields. Thread: any. Lifetime: one document.
#pragma once

#include <string_view>

#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"

#include "xds/document.h"
#include "xds/load.h"
#include "xds/path.h"
#include "xds/schema.h"

namespace outrigger::xds {

class MessageLoader {
 public:
  MessageLoader(Schema& schema, LoadReport& report) : schema_(schema), report_(report) {}

  void message(const Node& node, google::protobuf::Message& into, const Path& path);

 private:
  using Message = google::protobuf::Message;
  using FieldDescriptor = google::protobuf::FieldDescriptor;

  // load.cc: ordinary messages
  void fields(const Node& node, Message& into, const Path& path);
  void field(const Node& node, const FieldPlan& plan, Message& into, const Path& path);
  void singular(const Node& node, const FieldDescriptor& field, Message& into, const Path& path);
  void repeated(const Node& node, const FieldDescriptor& field, Message& into, const Path& path);
  void map(const Node& node, const FieldDescriptor& field, Message& into, const Path& path);
  bool map_key(std::string_view key, const FieldDescriptor& field, Message& entry, const Path& path,
               const Node& node);
  // Sets a scalar field, or adds to a repeated one.
  bool scalar(const Node& node, const FieldDescriptor& field, Message& into, const Path& path);
  bool oneof_is_free(const Node& node, const FieldDescriptor& field, const Message& into,
                     const Path& path);

  // load_well_known.cc: messages with a JSON form of their own
  bool well_known(const Node& node, Message& into, const Path& path);
  void wrapper(const Node& node, Message& into, const Path& path);
  void field_mask(const Node& node, Message& into, const Path& path);
  void value(const Node& node, google::protobuf::Value& into, const Path& path);
  void struct_fields(const Node& node, google::protobuf::Struct& into, const Path& path);
  void list_values(const Node& node, google::protobuf::ListValue& into, const Path& path);
  void any(const Node& node, Message& into, const Path& path);
  void any_of(std::string_view url, const Node& body, bool body_is_value, Message& into,
              const Path& path);
  void opaque_any(const Node& node, Message& into, const Path& path);

  template <class T>
  bool ok(const absl::StatusOr<T>& value, const Path& path, const Node& node) {
    if (value.ok()) return true;
    problem(path, value.status().message(), node);
    return false;
  }
  void problem(const Path& path, absl::string_view text, const Node& node) {
    report_.problem(path.text(), {text.data(), text.size()}, node);
  }

  Schema& schema_;
  LoadReport& report_;
  unsigned depth_ = 0;
  unsigned value_depth_ = 0;
  // Inside of a field that has no effect here: a type that we do not have is kept as it is written.
  bool in_harmless_ = false;
  bool body_of_any_ = false;  // "@type" among the next message's fields is the Any's
};

}  // namespace outrigger::xds
