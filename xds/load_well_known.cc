#include <cctype>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/field_mask.pb.h"

#include "xds/load_scalar.h"
#include "xds/message_loader.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using Kind = Node::Kind;

// A level of Struct is three of messages; protobuf decodes 100.
constexpr unsigned kMaxValueDepth = 30;

bool is_well_known(const Descriptor& type) {
  return type.well_known_type() != Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

}  // namespace

bool MessageLoader::well_known(const Node& node, Message& into, const Path& path) {
  switch (into.GetDescriptor()->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return false;
    case Descriptor::WELLKNOWNTYPE_ANY:
      any(node, into, path);
      return true;
    case Descriptor::WELLKNOWNTYPE_DURATION:
      // Envoy takes the message's fields as well: {seconds: 1}.
      if (node.kind == Kind::mapping) return false;
      if (auto duration = load_duration(node); ok(duration, path, node)) into.CopyFrom(*duration);
      return true;
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      if (node.kind == Kind::mapping) return false;
      if (auto timestamp = load_timestamp(node); ok(timestamp, path, node))
        into.CopyFrom(*timestamp);
      return true;
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      field_mask(node, into, path);
      return true;
    case Descriptor::WELLKNOWNTYPE_VALUE:
      value(node, static_cast<google::protobuf::Value&>(into), path);
      return true;
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      list_values(node, static_cast<google::protobuf::ListValue&>(into), path);
      return true;
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      struct_fields(node, static_cast<google::protobuf::Struct&>(into), path);
      return true;
    default:
      wrapper(node, into, path);
      return true;
  }
}

void MessageLoader::wrapper(const Node& node, Message& into, const Path& path) {
  // Envoy takes {value: 5} for 5.
  const Node* inner =
      node.kind == Kind::mapping && node.text_size <= 1 ? node.first_child() : &node;
  if (inner == nullptr) return;
  if (inner != &node && inner->key() != "value") {
    report_.unknown_field(Path::field(path, inner->key()).text(), *inner);
    return;
  }
  scalar(*inner, *into.GetDescriptor()->field(0), into, path);
}

void MessageLoader::field_mask(const Node& node, Message& into, const Path& path) {
  if (node.kind != Kind::string)
    return problem(path, expected("a field mask like \"a,b.c\"", node).message(), node);
  auto& mask = static_cast<google::protobuf::FieldMask&>(into);
  std::string field;
  for (char c : node.text()) {
    if (c == ',') {
      mask.add_paths(std::exchange(field, {}));
    } else if (std::isupper(static_cast<unsigned char>(c)) != 0) {
      field += '_';
      field += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else {
      field += c;
    }
  }
  if (!field.empty()) mask.add_paths(field);
}

void MessageLoader::value(const Node& node, google::protobuf::Value& into, const Path& path) {
  switch (node.kind) {
    case Kind::null:
      into.set_null_value(google::protobuf::NULL_VALUE);
      break;
    case Kind::boolean:
      into.set_bool_value(node.text() == "true");
      break;
    case Kind::number:
      if (auto number = load_double(node); ok(number, path, node)) into.set_number_value(*number);
      break;
    case Kind::string:
      into.set_string_value(std::string(node.text()));
      break;
    case Kind::sequence:
      list_values(node, *into.mutable_list_value(), path);
      break;
    case Kind::mapping:
      struct_fields(node, *into.mutable_struct_value(), path);
      break;
  }
}

void MessageLoader::struct_fields(const Node& node, google::protobuf::Struct& into,
                                  const Path& path) {
  if (node.kind != Kind::mapping) return problem(path, expected("a mapping", node).message(), node);
  if (++value_depth_ > kMaxValueDepth) {
    problem(path, fmt::format("nested more than {} levels deep", kMaxValueDepth), node);
  } else {
    for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
      value(*child, (*into.mutable_fields())[std::string(child->key())],
            Path::field(path, child->key()));
    }
  }
  --value_depth_;
}

void MessageLoader::list_values(const Node& node, google::protobuf::ListValue& into,
                                const Path& path) {
  if (node.kind != Kind::sequence) return problem(path, expected("a list", node).message(), node);
  if (++value_depth_ > kMaxValueDepth) {
    problem(path, fmt::format("nested more than {} levels deep", kMaxValueDepth), node);
  } else {
    int index = 0;
    for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
      value(*child, *into.add_values(), Path::element(path, index++));
    }
  }
  --value_depth_;
}

void MessageLoader::any(const Node& node, Message& into, const Path& path) {
  if (node.kind != Kind::mapping)
    return problem(path, expected("a mapping with \"@type\"", node).message(), node);
  const Node* type = node.find("@type");
  if (type == nullptr || type->kind != Kind::string || type->text().empty()) {
    if (node.text_size > 0) problem(path, "'@type' must name the message's type", node);
    return;
  }
  if (!is_typed_struct(type->text())) return any_of(type->text(), node, false, into, path);
  const Node* inner_type =
      node.find("type_url") != nullptr ? node.find("type_url") : node.find("typeUrl");
  const Node* body = node.find("value");
  if (inner_type == nullptr || inner_type->kind != Kind::string) {
    return problem(path, "a TypedStruct must have a 'type_url'", node);
  }
  for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
    if (child != inner_type && child != body && child != type)
      report_.unknown_field(Path::field(path, child->key()).text(), *child);
  }
  static const Node kEmpty = [] {
    Node empty;
    empty.kind = Kind::mapping;
    empty.first = nullptr;
    return empty;
  }();
  any_of(inner_type->text(), body == nullptr ? kEmpty : *body, true, into, path);
}

void MessageLoader::any_of(std::string_view url, const Node& body, bool body_is_value,
                           Message& into, const Path& path) {
  const Descriptor* type = schema_.type_of_url(url);
  if (type == nullptr) {
    if (in_harmless_) return opaque_any(body, into, path);
    if (find_no_effect(url.substr(url.rfind('/') + 1)) != nullptr) {
      static_cast<google::protobuf::Any&>(into).set_type_url(std::string(url));
      return;
    }
    return problem(path, fmt::format("the type '{}' is not supported by Outrigger", url), body);
  }
  std::unique_ptr<Message> message = schema_.make(*type);
  if (is_well_known(*type) && !body_is_value) {
    // {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}
    const Node* inner = body.find("value");
    if (inner != nullptr) this->message(*inner, *message, path);
  } else {
    body_of_any_ = !body_is_value;
    this->message(body, *message, path);
    body_of_any_ = false;
  }
  auto& packed = static_cast<google::protobuf::Any&>(into);
  packed.set_type_url(fmt::format("type.googleapis.com/{}", type->full_name()));
  message->SerializeToString(packed.mutable_value());
}

void MessageLoader::opaque_any(const Node& node, Message& into, const Path& path) {
  google::protobuf::Struct content;
  struct_fields(node, content, path);
  static_cast<google::protobuf::Any&>(into).PackFrom(content);
}

}  // namespace outrigger::xds
