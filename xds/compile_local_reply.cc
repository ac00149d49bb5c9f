#include "xds/compile_local_reply.h"

#include "xds/compile_access_log.h"
#include "xds/compile_header_mutation.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::filters::network::http_connection_manager::v3::LocalReplyConfig;
using envoy::extensions::filters::network::http_connection_manager::v3::ResponseMapper;

absl::StatusOr<config::LocalReplyMapper> compile_mapper(const ResponseMapper& mapper) {
  FieldErrors errors;
  config::LocalReplyMapper out;
  out.filter = errors.take_nested("filter", compile_access_log_filter(mapper.filter()));
  if (mapper.has_status_code()) out.status_code = static_cast<int>(mapper.status_code().value());
  if (mapper.has_body()) out.body = errors.take_nested("body", read_data_source(mapper.body()));
  if (mapper.has_body_format_override()) {
    out.body_format = errors.take_nested("body_format_override",
                                         compile_log_format(mapper.body_format_override()));
  }
  out.headers = errors.take_nested(
      "", compile_header_mutations(mapper.headers_to_add(), {}, "headers_to_add", ""));
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const config::LocalReplyConfig>> compile_local_reply(
    const LocalReplyConfig& message) {
  FieldErrors errors;
  auto out = std::make_shared<config::LocalReplyConfig>();
  for (int i = 0; i < message.mappers_size(); ++i) {
    out->mappers.push_back(
        errors.take_nested(indexed("mappers", i), compile_mapper(message.mappers(i))));
  }
  if (message.has_body_format())
    out->body_format = errors.take_nested("body_format", compile_log_format(message.body_format()));
  if (!errors.empty()) return errors.status();
  return std::shared_ptr<const config::LocalReplyConfig>(std::move(out));
}

}  // namespace outrigger::xds
