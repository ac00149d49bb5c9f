#include "proxy/admin/json_pieces.h"

#include <algorithm>

#include "fmt/format.h"
#include "google/protobuf/util/field_mask_util.h"

#include "envoy/admin/v3/config_dump.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/redact.h"

namespace outrigger::admin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A few milliseconds' work: printing has a cost per call, and one per element.
constexpr int kElementsAPiece = 50;

// How deep fields are printed one by one: a configuration, what it holds (bootstrap), what that
// holds (static_resources).
constexpr int kDepth = 3;

// `json` is an object: its members' lines, without the braces.
std::string_view members(std::string_view json) {
  json = json.substr(2);  // "{\n"
  return json.substr(0, json.rfind("\n}"));
}

// Between the brackets of an object's only member, a list. What could not be printed is an element
// that says so.
std::string_view elements(std::string_view json) {
  size_t bracket = json.find("[\n");
  if (bracket == std::string_view::npos) return json.substr(0, json.size() - 1);
  size_t open = bracket + 2;
  return json.substr(open, json.rfind("\n ]") - open);
}

void append_indented(std::string_view lines, int indent, std::string& out) {
  std::string spaces(static_cast<size_t>(indent), ' ');
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    out += spaces;
    out += line;
    if (!lines.empty()) out += '\n';
  }
}

// One step of printing; the steps of a message, in order, make up its text.
struct Step {
  MessagePtr owner;        // keeps `message` alive
  const Message* message;  // nullptr: `text` is all there is to print
  const FieldDescriptor* field = nullptr;
  int begin = 0;  // elements of a repeated field
  int end = 0;
  int indent = 0;
  std::string text;
  bool comma = false;  // something of the same object or list follows
};

std::string json_of_field(const Step& step) {
  std::unique_ptr<Message> part(step.message->New());
  google::protobuf::FieldMask mask;
  mask.add_paths(step.field->name());
  google::protobuf::util::FieldMaskUtil::MergeOptions options;
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(*step.message, mask, options, part.get());
  redact(*part);
  return to_json(*part);
}

std::string json_of_elements(const Step& step) {
  std::unique_ptr<Message> part(step.message->New());
  const Reflection* reflection = step.message->GetReflection();
  for (int i = step.begin; i < step.end; ++i) {
    reflection->AddMessage(part.get(), step.field)
        ->CopyFrom(reflection->GetRepeatedMessage(*step.message, step.field, i));
  }
  redact(*part);
  return to_json(*part);
}

void print(const Step& step, std::string& out) {
  if (step.message == nullptr) {
    out += std::string(static_cast<size_t>(step.indent), ' ') + step.text;
  } else if (step.end > 0) {
    append_indented(elements(json_of_elements(step)), step.indent, out);
  } else {
    append_indented(members(json_of_field(step)), step.indent, out);
  }
  out += step.comma ? ",\n" : "\n";
}

// Plans the steps that print a message.
class Plan {
 public:
  explicit Plan(MessagePtr owner) : owner_(std::move(owner)) {}

  // The whole of an element of "configs".
  std::vector<Step> config(bool last) && {
    const Message& config = *owner_;
    std::string type = "type.googleapis.com/" + config.GetDescriptor()->full_name();
    std::vector<const FieldDescriptor*> fields = set_fields(config);
    text(2, "{");
    text(3, fmt::format("\"@type\": \"{}\"", type), !fields.empty());
    fields_of(config, 2, 0);
    text(2, "}", !last);
    return std::move(steps_);
  }

 private:
  static std::vector<const FieldDescriptor*> set_fields(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields;
  }

  static bool long_list(const Message& message, const FieldDescriptor* field) {
    return field->is_repeated() && !field->is_map() &&
           field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
           message.GetReflection()->FieldSize(message, field) > kElementsAPiece;
  }

  // Messages that JSON has a form of its own for are printed as a whole.
  static bool opens_up(const FieldDescriptor* field, int depth) {
    return depth + 1 < kDepth && !field->is_repeated() &&
           field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
           field->message_type()->full_name().rfind("envoy.", 0) == 0;
  }

  // `indent`: of the object that the fields are members of.
  void fields_of(const Message& message, int indent, int depth) {
    std::vector<const FieldDescriptor*> fields = set_fields(message);
    for (const FieldDescriptor* field : fields) {
      bool comma = field != fields.back();
      if (long_list(message, field)) {
        list(message, field, indent, comma);
      } else if (opens_up(field, depth) &&
                 !set_fields(message.GetReflection()->GetMessage(message, field)).empty()) {
        text(indent + 1, fmt::format("\"{}\": {{", field->name()));
        fields_of(message.GetReflection()->GetMessage(message, field), indent + 1, depth + 1);
        text(indent + 1, "}", comma);
      } else {
        steps_.push_back({owner_, &message, field, 0, 0, indent, "", comma});
      }
    }
  }

  void list(const Message& message, const FieldDescriptor* field, int indent, bool comma) {
    int size = message.GetReflection()->FieldSize(message, field);
    text(indent + 1, fmt::format("\"{}\": [", field->name()));
    for (int begin = 0; begin < size; begin += kElementsAPiece) {
      int end = std::min(begin + kElementsAPiece, size);
      steps_.push_back({owner_, &message, field, begin, end, indent, "", end < size});
    }
    text(indent + 1, "]", comma);
  }

  void text(int indent, std::string text, bool comma = false) {
    steps_.push_back({owner_, nullptr, nullptr, 0, 0, indent, std::move(text), comma});
  }

  MessagePtr owner_;
  std::vector<Step> steps_;
};

}  // namespace

bool append_list_piece(std::string_view json, PiecePosition position, std::string& out) {
  bool empty = json == "{}\n";
  bool failed = !empty && json.find("[\n") == std::string_view::npos;
  if (position.first && (empty || failed)) {
    out += json;
    return false;
  }
  std::string_view head = json.substr(0, position.first ? json.find("[\n") + 2 : 0);
  out += head;
  if (!position.first) out += ",\n";
  out += elements(json);
  if (position.last) out += "\n ]\n}\n";
  return !position.last;
}

BodySource few_configs(std::vector<MessagePtr> configs) {
  auto steps = std::make_shared<std::vector<Step>>();
  for (const MessagePtr& config : configs) {
    for (Step& step : Plan(config).config(config == configs.back()))
      steps->push_back(std::move(step));
  }
  return [steps, at = size_t{0}](std::string& out) mutable {
    if (steps->empty()) {
      out += "{}\n";
      return false;
    }
    if (at == 0) out += "{\n \"configs\": [\n";
    // Texts cost nothing: they go with the step before them.
    do print((*steps)[at++], out);
    while (at < steps->size() && (*steps)[at].message == nullptr);
    if (at < steps->size()) return true;
    out += " ]\n}\n";
    return false;
  };
}

BodySource many_configs(std::vector<MessagePtr> configs) {
  return [configs = std::move(configs), at = size_t{0}](std::string& out) mutable {
    bool first = at == 0;
    envoy::admin::v3::ConfigDump piece;
    size_t end = std::min(at + kElementsAPiece, configs.size());
    for (; at < end; ++at) piece.add_configs()->PackFrom(*configs[at]);
    redact(piece);
    return append_list_piece(to_json(piece), {first, at == configs.size()}, out);
  };
}

}  // namespace outrigger::admin
