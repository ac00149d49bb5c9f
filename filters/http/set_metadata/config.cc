#include "filters/http/set_metadata/config.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/set_metadata/v3/set_metadata.pb.h"

#include "api/struct_wire.h"
#include "filters/http/set_metadata/filter.h"

// The first two fields are deprecated, and configured all the same.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::filters::set_metadata {
namespace {

using ProtoConfig = envoy::extensions::filters::http::set_metadata::v3::Config;

absl::Status add(const std::string& name_space, const google::protobuf::Struct& value,
                 bool allow_overwrite, const std::string& field, std::vector<Entry>& out) {
  auto decoded = decode_struct(value.SerializeAsString());
  if (!decoded) return absl::InvalidArgumentError(field + ": is nested too deeply");
  out.push_back({name_space, *std::move(decoded), allow_overwrite});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto = static_cast<const ProtoConfig&>(config);
  std::vector<Entry> entries;
  absl::Status status;
  if (proto.has_value() && !proto.metadata_namespace().empty()) {
    status = add(proto.metadata_namespace(), proto.value(), true, "value", entries);
  }
  for (int i = 0; i < proto.metadata_size() && status.ok(); ++i) {
    const auto& metadata = proto.metadata(i);
    if (!metadata.has_value()) continue;
    status = add(metadata.metadata_namespace(), metadata.value(), metadata.allow_overwrite(),
                 fmt::format("metadata[{}].value", i), entries);
  }
  if (!status.ok()) return status;
  return std::make_shared<SetMetadataFactory>(std::move(entries));
}

}  // namespace outrigger::filters::set_metadata
