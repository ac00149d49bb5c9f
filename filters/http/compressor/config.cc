#include "filters/http/compressor/config.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/compression/brotli/compressor/v3/brotli.pb.h"
#include "envoy/extensions/compression/gzip/compressor/v3/gzip.pb.h"
#include "envoy/extensions/compression/zstd/compressor/v3/zstd.pb.h"
#include "envoy/extensions/filters/http/compressor/v3/compressor.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/compressor/filter.h"

namespace outrigger::filters::compressor {
namespace {

namespace pb = envoy::extensions::filters::http::compressor::v3;
namespace compression = envoy::extensions::compression;
using compression::brotli::compressor::v3::Brotli;
using compression::gzip::compressor::v3::Gzip;
using compression::zstd::compressor::v3::Zstd;
using CommonConfig = pb::Compressor::CommonDirectionConfig;

constexpr std::string_view kDefaultTypes[] = {"application/javascript",
                                              "application/json",
                                              "application/xhtml+xml",
                                              "image/svg+xml",
                                              "text/css",
                                              "text/html",
                                              "text/plain",
                                              "text/xml"};

template <class Wrapper>
int or_default(bool has, const Wrapper& wrapper, int otherwise) {
  return has ? static_cast<int>(wrapper.value()) : otherwise;
}

GzipSettings compile_gzip(const Gzip& proto) {
  GzipSettings out;
  // The enumerations have zlib's own numbers, but for the default level.
  if (proto.compression_level() != Gzip::DEFAULT_COMPRESSION) out.level = proto.compression_level();
  out.strategy = proto.compression_strategy();
  out.window_bits = or_default(proto.has_window_bits(), proto.window_bits(), out.window_bits);
  out.memory_level = or_default(proto.has_memory_level(), proto.memory_level(), out.memory_level);
  return out;
}

BrotliSettings compile_brotli(const Brotli& proto) {
  BrotliSettings out;
  auto set = [](bool has, const auto& wrapper, uint32_t& to) {
    if (has) to = wrapper.value();
  };
  set(proto.has_quality(), proto.quality(), out.quality);
  set(proto.has_window_bits(), proto.window_bits(), out.window_bits);
  set(proto.has_input_block_bits(), proto.input_block_bits(), out.input_block_bits);
  if (proto.encoder_mode() == Brotli::TEXT) out.mode = 1;
  if (proto.encoder_mode() == Brotli::FONT) out.mode = 2;
  out.no_literal_context = proto.disable_literal_context_modeling();
  return out;
}

ZstdSettings compile_zstd(const Zstd& proto) {
  ZstdSettings out;
  out.level = or_default(proto.has_compression_level(), proto.compression_level(), out.level);
  out.checksum = proto.enable_checksum();
  out.strategy = proto.strategy();
  return out;
}

absl::StatusOr<EncoderSettings> compile_library(
    const envoy::config::core::v3::TypedExtensionConfig& library) {
  const auto& any = library.typed_config();
  Gzip gzip;
  Brotli brotli;
  Zstd zstd;
  if (any.UnpackTo(&gzip)) return EncoderSettings(compile_gzip(gzip));
  if (any.UnpackTo(&brotli)) return EncoderSettings(compile_brotli(brotli));
  if (any.UnpackTo(&zstd)) return EncoderSettings(compile_zstd(zstd));
  return absl::InvalidArgumentError(
      fmt::format("compressor_library.typed_config: the type '{}' is not supported by Outrigger",
                  any.type_url()));
}

DirectionSettings compile_direction(const CommonConfig& proto, bool enabled_by_default) {
  DirectionSettings out;
  out.enabled = proto.has_enabled() && proto.enabled().has_default_value()
                    ? proto.enabled().default_value().value()
                    : enabled_by_default;
  out.enabled_key = proto.enabled().runtime_key();
  if (proto.has_min_content_length()) out.min_content_length = proto.min_content_length().value();
  for (const std::string& type : proto.content_type()) {
    out.content_types.push_back(absl::AsciiStrToLower(type));
  }
  if (out.content_types.empty()) {
    out.content_types.assign(std::begin(kDefaultTypes), std::end(kDefaultTypes));
  }
  return out;
}

// "compressor.<library's name>.<library>."
std::string stats_part(const pb::Compressor& proto, const EncoderSettings& encoder) {
  constexpr const char* kLibraries[] = {"gzip", "brotli", "zstd"};
  return fmt::format("compressor.{}.{}.", proto.compressor_library().name(),
                     kLibraries[encoder.index()]);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::Compressor&>(config);
  Settings settings;
  auto encoder = compile_library(proto.compressor_library());
  if (!encoder.ok()) return encoder.status();
  settings.encoder = *encoder;
  settings.request = compile_direction(proto.request_direction_config().common_config(), false);
  const auto& response = proto.response_direction_config();
  settings.response = compile_direction(response.common_config(), true);
  settings.disable_on_etag = response.disable_on_etag_header();
  settings.remove_accept_encoding = response.remove_accept_encoding_header();
  settings.status_header = response.status_header_enabled();
  settings.uncompressible_codes.assign(response.uncompressible_response_codes().begin(),
                                       response.uncompressible_response_codes().end());
  settings.choose_first = proto.choose_first();
  if (settings.choose_first) settings.description = kChooseFirst;
  for (const std::string& type : settings.response.content_types) {
    settings.description += " " + type;
  }
  settings.description += "\n";

  std::string part = stats_part(proto, settings.encoder);
  settings.stats = filter_stats<CompressorStats>(context, part);
  settings.request.stats = filter_stats<DirectionStats>(context, part + "request.");
  settings.response.stats = filter_stats<DirectionStats>(
      context, proto.has_response_direction_config() ? part + "response." : part);
  return std::make_shared<CompressorFactory>(std::move(settings));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext&) {
  const auto& proto = static_cast<const pb::CompressorPerRoute&>(config);
  auto route = std::make_shared<CompressorRouteConfig>();
  route->disabled = proto.disabled();
  const auto& response = proto.overrides().response_direction_config();
  if (response.has_remove_accept_encoding_header()) {
    route->remove_accept_encoding = response.remove_accept_encoding_header().value();
  }
  if (proto.overrides().has_compressor_library()) {
    auto encoder = compile_library(proto.overrides().compressor_library());
    if (!encoder.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("overrides.{}", std::string(encoder.status().message())));
    }
    route->encoder = *std::move(encoder);
  }
  return route;
}

}  // namespace outrigger::filters::compressor
