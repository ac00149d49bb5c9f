#include "xds/compile_client_detection.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.pb.h"
#include "envoy/extensions/http/original_ip_detection/custom_header/v3/custom_header.pb.h"
#include "envoy/extensions/http/original_ip_detection/xff/v3/xff.pb.h"

#include "xds/compile_header_mutation.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::TypedExtensionConfig;
using envoy::extensions::http::original_ip_detection::custom_header::v3::CustomHeaderConfig;
using envoy::extensions::http::original_ip_detection::xff::v3::XffConfig;
using ConnectionManager =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using EarlyMutation =
    envoy::extensions::http::early_header_mutation::header_mutation::v3::HeaderMutation;

// A refusal with a status that is no error is none: Envoy says this one then.
constexpr int kForbidden = 403;

absl::StatusOr<config::ClientDetection> compile_forwarded_for(const XffConfig& message) {
  FieldErrors errors;
  config::ForwardedForDetection out;
  out.trusted_hops = message.xff_num_trusted_hops();
  if (message.has_xff_trusted_cidrs() && message.xff_num_trusted_hops() != 0)
    errors.add("xff_trusted_cidrs", "cannot be set together with xff_num_trusted_hops");
  const auto& trusted = message.xff_trusted_cidrs();
  for (int i = 0; i < trusted.cidrs_size(); ++i) {
    const auto& range = trusted.cidrs(i);
    if (auto cidr = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value())) {
      out.trusted.push_back(*cidr);
    } else {
      errors.add(indexed("xff_trusted_cidrs.cidrs", i) + ".address_prefix",
                 fmt::format("'{}' is not an IP address", range.address_prefix()));
    }
  }
  if (message.has_skip_xff_append()) out.skip_append = message.skip_xff_append().value();
  if (!errors.empty()) return errors.status();
  return out;
}

config::ClientDetection compile_header_detection(const CustomHeaderConfig& message) {
  config::HeaderDetection out;
  out.name = absl::AsciiStrToLower(message.header_name());
  out.may_be_trusted = message.allow_extension_to_set_address_as_trusted();
  if (message.has_reject_with_status()) {
    int code = message.reject_with_status().code();
    out.rejection = code >= 400 ? code : kForbidden;
  }
  return out;
}

absl::Status unknown_type(const google::protobuf::Any& any) {
  FieldErrors errors;
  errors.add("", fmt::format("the type '{}' is not supported by Outrigger", any.type_url()));
  return errors.status();
}

absl::StatusOr<config::ClientDetection> compile_detection(const TypedExtensionConfig& extension) {
  auto message = unpack_any(extension.typed_config());
  if (!message.ok()) return unknown_type(extension.typed_config());
  if ((*message)->GetDescriptor() == XffConfig::descriptor())
    return compile_forwarded_for(static_cast<const XffConfig&>(**message));
  if ((*message)->GetDescriptor() == CustomHeaderConfig::descriptor())
    return compile_header_detection(static_cast<const CustomHeaderConfig&>(**message));
  return unknown_type(extension.typed_config());
}

}  // namespace

void compile_client_detections(const ConnectionManager& message, config::HttpConnectionManager& out,
                               FieldErrors& errors) {
  constexpr std::string_view kField = "original_ip_detection_extensions";
  if (message.original_ip_detection_extensions().empty()) return;
  if (message.use_remote_address().value())
    errors.add(kField, "cannot be set together with use_remote_address");
  if (message.xff_num_trusted_hops() > 0)
    errors.add(kField, "cannot be set together with xff_num_trusted_hops");
  for (int i = 0; i < message.original_ip_detection_extensions_size(); ++i) {
    out.client_detections.push_back(
        errors.take_nested(indexed(kField, i) + ".typed_config",
                           compile_detection(message.original_ip_detection_extensions(i))));
  }
}

void compile_early_headers(const ConnectionManager& message, config::HttpConnectionManager& out,
                           FieldErrors& errors) {
  for (int i = 0; i < message.early_header_mutation_extensions_size(); ++i) {
    const auto& any = message.early_header_mutation_extensions(i).typed_config();
    std::string field = indexed("early_header_mutation_extensions", i) + ".typed_config";
    auto unpacked = unpack_any(any);
    if (!unpacked.ok() || (*unpacked)->GetDescriptor() != EarlyMutation::descriptor()) {
      errors.add_nested(field, unknown_type(any));
      continue;
    }
    const auto& mutation = static_cast<const EarlyMutation&>(**unpacked);
    for (int j = 0; j < mutation.mutations_size(); ++j) {
      out.early_headers.push_back(errors.take_nested(field + "." + indexed("mutations", j),
                                                     compile_header_step(mutation.mutations(j))));
    }
  }
}

}  // namespace outrigger::xds
