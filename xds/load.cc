#include "xds/load.h"

#include <limits>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"

#include "xds/load_scalar.h"
#include "xds/message_loader.h"

namespace outrigger::xds {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string LoadReport::describe(std::string_view path, std::string_view message,
                                 const Node& node) const {
  std::string_view where = path.empty() ? std::string_view("the configuration") : path;
  return fmt::format("{}: {}, {}", where, message, sources_.line_text(document_, node));
}

void LoadReport::problem(std::string_view path, std::string_view message, const Node& node) {
  problems_.add_at(std::string(path), describe(path, message, node));
}

void LoadReport::unknown_field(std::string_view path, const Node& node) {
  ++unknown_fields_;
  if (options_.allow_unknown_fields) {
    warnings_.push_back(describe(path, "unknown field is ignored", node));
  } else {
    problem(path, "unknown field", node);
  }
}

void load_message(const Document& document, Schema& schema, LoadReport& report, Message& into) {
  if (document.root() == nullptr) return;
  MessageLoader(schema, report).message(*document.root(), into, Path());
}

void MessageLoader::message(const Node& node, Message& into, const Path& path) {
  // Aliases can make the tree deeper than the text.
  if (++depth_ > kMaxDocumentDepth) {
    problem(path, "nested too deeply", node);
  } else if (!well_known(node, into, path)) {
    fields(node, into, path);
  }
  --depth_;
}

void MessageLoader::fields(const Node& node, Message& into, const Path& path) {
  if (node.kind != Node::Kind::mapping) {
    problem(path, expected("a mapping", node).message(), node);
    return;
  }
  const MessagePlan& plan = schema_.plan(*into.GetDescriptor());
  bool in_any = std::exchange(body_of_any_, false);
  for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
    if (in_any && child->key() == "@type") continue;
    const FieldPlan* known = plan.find(child->key());
    if (known == nullptr) {
      report_.unknown_field(Path::field(path, child->key()).text(), *child);
    } else {
      field(*child, *known, into, Path::field(path, known->field->name()));
    }
  }
}

void MessageLoader::field(const Node& node, const FieldPlan& plan, Message& into,
                          const Path& path) {
  const FieldDescriptor& field = *plan.field;
  bool outer = std::exchange(in_harmless_, in_harmless_ || plan.support == Support::harmless);
  if (field.is_map()) {
    map(node, field, into, path);
  } else if (field.is_repeated()) {
    repeated(node, field, into, path);
  } else {
    singular(node, field, into, path);
  }
  in_harmless_ = outer;
}

void MessageLoader::singular(const Node& node, const FieldDescriptor& field, Message& into,
                             const Path& path) {
  bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  bool takes_null = is_message && field.message_type()->well_known_type() ==
                                      google::protobuf::Descriptor::WELLKNOWNTYPE_VALUE;
  if (node.kind == Node::Kind::null && !takes_null) return;
  const Reflection& reflection = *into.GetReflection();
  if (!oneof_is_free(node, field, into, path)) return;
  // A null that yields nothing must not count as the second spelling of a field.
  if (field.has_presence() && reflection.HasField(into, &field)) {
    problem(path, "is there twice, in both spellings", node);
  } else if (is_message) {
    message(node, *reflection.MutableMessage(&into, &field), path);
  } else {
    scalar(node, field, into, path);
  }
}

bool MessageLoader::oneof_is_free(const Node& node, const FieldDescriptor& field,
                                  const Message& into, const Path& path) {
  const auto* oneof = field.real_containing_oneof();
  if (oneof == nullptr) return true;
  const Reflection& reflection = *into.GetReflection();
  const FieldDescriptor* set = reflection.GetOneofFieldDescriptor(into, oneof);
  if (set == nullptr || set == &field) return true;
  problem(path, fmt::format("only one of '{}' and '{}' can be set", set->name(), field.name()),
          node);
  return false;
}

void MessageLoader::repeated(const Node& node, const FieldDescriptor& field, Message& into,
                             const Path& path) {
  if (node.kind == Node::Kind::null) return;
  const Reflection& reflection = *into.GetReflection();
  // Envoy takes a value without its list for a list of one.
  const Node* item = node.kind == Node::Kind::sequence ? node.first_child() : &node;
  for (int i = 0; item != nullptr; ++i) {
    Path element = Path::element(path, i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      scalar(*item, field, into, element);
    } else {
      message(*item, *reflection.AddMessage(&into, &field), element);
    }
    item = node.kind == Node::Kind::sequence ? item->next : nullptr;
  }
}

void MessageLoader::map(const Node& node, const FieldDescriptor& field, Message& into,
                        const Path& path) {
  if (node.kind == Node::Kind::null) return;
  if (node.kind != Node::Kind::mapping) {
    problem(path, expected("a mapping", node).message(), node);
    return;
  }
  const FieldDescriptor& key_field = *field.message_type()->map_key();
  const FieldDescriptor& value_field = *field.message_type()->map_value();
  const Reflection& reflection = *into.GetReflection();
  for (const Node* child = node.first_child(); child != nullptr; child = child->next) {
    Path item = Path::key(path, child->key());
    Message* entry = reflection.AddMessage(&into, &field);
    if (!map_key(child->key(), key_field, *entry, item, *child)) continue;
    if (value_field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      scalar(*child, value_field, *entry, item);
    } else {
      message(*child, *entry->GetReflection()->MutableMessage(entry, &value_field), item);
    }
  }
}

bool MessageLoader::map_key(std::string_view key, const FieldDescriptor& field, Message& entry,
                            const Path& path, const Node& node) {
  Node text;
  text.kind = Node::Kind::string;
  text.text_data = key.data();
  text.text_size = static_cast<uint32_t>(key.size());
  text.line = node.line;
  return scalar(text, field, entry, path);
}

bool MessageLoader::scalar(const Node& node, const FieldDescriptor& field, Message& into,
                           const Path& path) {
  const Reflection& reflection = *into.GetReflection();
  auto put = [&](auto value, auto set, auto add) {
    if (!ok(value, path, node)) return false;
    if (field.is_repeated()) {
      (reflection.*add)(&into, &field, *std::move(value));
    } else {
      (reflection.*set)(&into, &field, *std::move(value));
    }
    return true;
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(load_bool(node), &Reflection::SetBool, &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_INT32:
      return put(load_signed(node, std::numeric_limits<int32_t>::min(),
                             std::numeric_limits<int32_t>::max()),
                 &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return put(load_signed(node, std::numeric_limits<int64_t>::min(),
                             std::numeric_limits<int64_t>::max()),
                 &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(load_unsigned(node, std::numeric_limits<uint32_t>::max()), &Reflection::SetUInt32,
                 &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(load_unsigned(node, std::numeric_limits<uint64_t>::max()), &Reflection::SetUInt64,
                 &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(load_double(node), &Reflection::SetFloat, &Reflection::AddFloat);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(load_double(node), &Reflection::SetDouble, &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_ENUM:
      return put(load_enum(node, *field.enum_type()), &Reflection::SetEnumValue,
                 &Reflection::AddEnumValue);
    case FieldDescriptor::CPPTYPE_STRING:
      return put(field.type() == FieldDescriptor::TYPE_BYTES ? load_bytes(node) : load_string(node),
                 &Reflection::SetString, &Reflection::AddString);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return false;
}

}  // namespace outrigger::xds
