#include "filters/http/decompressor/config.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/compression/brotli/decompressor/v3/brotli.pb.h"
#include "envoy/extensions/compression/gzip/decompressor/v3/gzip.pb.h"
#include "envoy/extensions/compression/zstd/decompressor/v3/zstd.pb.h"
#include "envoy/extensions/filters/http/decompressor/v3/decompressor.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/decompressor/filter.h"

namespace outrigger::filters::decompressor {
namespace {

namespace pb = envoy::extensions::filters::http::decompressor::v3;
namespace libraries = envoy::extensions::compression;

absl::StatusOr<DecoderSettings> compile_zstd(const libraries::zstd::decompressor::v3::Zstd& proto,
                                             CompileContext& context) {
  ZstdDecoding out;
  for (int i = 0; i < proto.dictionaries_size(); ++i) {
    auto dictionary = context.read(proto.dictionaries(i));
    if (!dictionary.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("decompressor_library.typed_config.dictionaries[{}]: {}", i,
                      std::string(dictionary.status().message())));
    }
    out.dictionaries.push_back(*std::move(dictionary));
  }
  return DecoderSettings(std::move(out));
}

absl::StatusOr<DecoderSettings> compile_decoder(const pb::Decompressor& proto,
                                                CompileContext& context) {
  const auto& any = proto.decompressor_library().typed_config();
  libraries::gzip::decompressor::v3::Gzip gzip;
  libraries::brotli::decompressor::v3::Brotli brotli;
  libraries::zstd::decompressor::v3::Zstd zstd;
  if (any.UnpackTo(&gzip)) {
    GzipDecoding out;
    if (gzip.has_window_bits()) out.window_bits = static_cast<int>(gzip.window_bits().value());
    if (gzip.has_max_inflate_ratio()) out.max_ratio = gzip.max_inflate_ratio().value();
    return DecoderSettings(out);
  }
  if (any.UnpackTo(&brotli)) {
    return DecoderSettings(BrotliDecoding{brotli.disable_ring_buffer_reallocation()});
  }
  if (any.UnpackTo(&zstd)) return compile_zstd(zstd, context);
  return absl::InvalidArgumentError(
      fmt::format("decompressor_library.typed_config: the type '{}' is not supported by Outrigger",
                  any.type_url()));
}

DirectionRules compile_direction(const pb::Decompressor::CommonDirectionConfig& proto,
                                 CompileContext& context, const std::string& part) {
  DirectionRules out;
  if (proto.enabled().has_default_value()) out.enabled = proto.enabled().default_value().value();
  out.enabled_key = proto.enabled().runtime_key();
  out.ignore_no_transform = proto.ignore_no_transform_header();
  out.stats = filter_stats<DecompressorStats>(context, part);
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::Decompressor&>(config);
  auto decoder = compile_decoder(proto, context);
  if (!decoder.ok()) return decoder.status();
  DecompressorSettings settings;
  settings.decoder = *std::move(decoder);
  const std::string& name = proto.decompressor_library().name();
  std::string part =
      fmt::format("decompressor.{}.{}.", name, std::string(library_of(settings.decoder)));
  settings.request = compile_direction(proto.request_direction_config().common_config(), context,
                                       part + "request.");
  settings.response = compile_direction(proto.response_direction_config().common_config(), context,
                                        part + "response.");
  const auto& request = proto.request_direction_config();
  if (request.has_advertise_accept_encoding())
    settings.advertise = request.advertise_accept_encoding().value();
  settings.compressed_trailer = fmt::format("x-envoy-decompressor-{}-compressed-bytes", name);
  settings.uncompressed_trailer = fmt::format("x-envoy-decompressor-{}-uncompressed-bytes", name);
  FilterStatNames names = filter_stat_names(context, part + "decompressor_library.");
  settings.errors = make_decoder_stats(settings.decoder, context.stats(), std::move(names.prefix),
                                       std::move(names.extracted), std::move(names.tags));
  return std::make_shared<DecompressorFactory>(std::move(settings));
}

}  // namespace outrigger::filters::decompressor
