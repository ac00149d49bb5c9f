// /config_dump: everything, one repeated field of it (resource), some fields of it (mask).
#include <optional>

#include "fmt/format.h"

#include "proxy/admin/config_dumps.h"
#include "proxy/admin/field_mask.h"
#include "proxy/admin/pages_all.h"

namespace outrigger::admin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

Response pieces(BodySource source) {
  Response response;
  response.content_type = kJson;
  response.rest = std::move(source);
  return response;
}

// Those of the dumps that have the masked fields, trimmed.
Response masked(std::vector<MessagePtr> dumps, const std::string& mask) {
  std::vector<MessagePtr> kept;
  for (const MessagePtr& dump : dumps) {
    std::shared_ptr<Message> trimmed(dump->New());
    trimmed->CopyFrom(*dump);
    if (apply_mask(parse_mask(mask), *trimmed)) kept.push_back(std::move(trimmed));
  }
  if (kept.empty()) {
    return Response::text(
        400, fmt::format("FieldMask {} could not be successfully applied to any configs.", mask));
  }
  return pieces(few_configs(std::move(kept)));
}

// The elements of a repeated field, each trimmed.
Response elements(const Message& dump, const FieldDescriptor* field,
                  const std::optional<std::string>& mask) {
  FieldMask parsed = parse_mask(mask.value_or(""));
  std::vector<MessagePtr> kept;
  for (int i = 0; i < dump.GetReflection()->FieldSize(dump, field); ++i) {
    const Message& element = dump.GetReflection()->GetRepeatedMessage(dump, field, i);
    std::shared_ptr<Message> copy(element.New());
    copy->CopyFrom(element);
    if (mask && !apply_mask(parsed, *copy)) {
      return Response::text(
          400, fmt::format("FieldMask {} could not be successfully used.", parsed.DebugString()));
    }
    kept.push_back(std::move(copy));
  }
  return pieces(many_configs(std::move(kept)));
}

Response resource(const std::vector<MessagePtr>& dumps, const std::string& name,
                  const std::optional<std::string>& mask) {
  for (const MessagePtr& dump : dumps) {
    const FieldDescriptor* field = dump->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) continue;
    if (!field->is_repeated()) {
      return Response::text(
          400,
          fmt::format("{0} is not a repeated field. Use ?mask={0} to get only this field", name));
    }
    return elements(*dump, field, mask);
  }
  return Response::text(404, fmt::format("{} not found in config dump", name));
}

}  // namespace

Response config_dump_page(const Request& request, ServerView& view) {
  std::string pattern = request.params.get("name_regex").value_or("");
  NameFilter filter(pattern);
  if (!filter.ok()) {
    return Response::text(
        400, fmt::format("INVALID_ARGUMENT: Error while parsing name_regex from {}: {}", pattern,
                         filter.error()));
  }
  auto dumps = config_dumps(view, filter, request.params.has("include_eds"));
  auto mask = request.params.get("mask");
  if (mask && mask->empty()) mask.reset();  // a form sends empty fields
  auto name = request.params.get("resource");
  if (name && !name->empty()) return resource(dumps, *name, mask);
  if (mask) return masked(std::move(dumps), *mask);
  return pieces(few_configs(std::move(dumps)));
}

}  // namespace outrigger::admin
