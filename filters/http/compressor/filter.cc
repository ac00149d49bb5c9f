#include "filters/http/compressor/filter.h"

#include <algorithm>
#include <vector>

#include "filters/http/compressor/negotiation.h"

namespace outrigger::filters::compressor {

using http::HeaderId;

namespace {

// Where the compressors of a chain leave their descriptions for each other.
constexpr std::string_view kRegistry = "outrigger.compressors";
constexpr std::string_view kContentEncoding = "content-encoding";

// Is the message's type among the lower-case types? No type is.
template <class Types>
bool type_is_in(const http::HeaderMap& headers, const Types& types) {
  const http::HeaderField* field = headers.find(HeaderId::content_type);
  if (field == nullptr) return true;
  std::string_view type = field->value.substr(0, field->value.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::any_of(types.begin(), types.end(), [&](std::string_view allowed) {
    return http::equals_ignore_case(allowed, type);
  });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    parts.push_back(part);
  }
  return parts;
}

void add_vary(http::HeaderMap& headers) {
  constexpr std::string_view kAcceptEncoding = "Accept-Encoding";
  const http::HeaderField* vary = headers.find("vary");
  if (vary == nullptr) {
    headers.add("vary", kAcceptEncoding);
  } else if (!http::has_token(vary->value, kAcceptEncoding)) {
    headers.set("vary", headers.arena().concat(vary->value, ", ", kAcceptEncoding));
  }
}

// What is sent is not octet for octet what a strong validator stands for.
void drop_strong_etag(http::HeaderMap& headers) {
  std::string_view etag = headers.get("etag");
  if (etag.size() > 2 && !etag.starts_with("W/") && !etag.starts_with("w/")) headers.remove("etag");
}

bool is_too_short(const http::HeaderMap& headers, const DirectionSettings& direction) {
  uint64_t length = 0;
  return http::parse_decimal(headers.get(HeaderId::content_length), length) &&
         length < direction.min_content_length;
}

bool has_code_of(const std::vector<uint32_t>& codes, const http::HeaderMap& headers) {
  uint64_t code = 0;
  return http::parse_decimal(headers.get(HeaderId::status), code) &&
         std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Nothing about it forbids another encoding.
bool is_transformable(const http::HeaderMap& headers) {
  return !headers.has(HeaderId::upgrade) && headers.find(kContentEncoding) == nullptr &&
         !http::has_token(headers.get("cache-control"), "no-transform");
}

}  // namespace

bool DirectionSettings::allows_type(const http::HeaderMap& headers) const {
  return type_is_in(headers, content_types);
}

Verdict CompressorFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                             bool end_stream) {
  const auto* route = static_cast<const CompressorRouteConfig*>(context.route_config());
  disabled_ = route != nullptr && route->disabled;
  if (disabled_) return Verdict::next();
  if (route != nullptr && route->encoder) encoder_ = &*route->encoder;
  if (const auto* field = headers.find("accept-encoding")) accept_encoding_ = field->value;
  FilterState& state = context.info().make_extras(context.arena()).filter_state;
  const std::string* others = state.find(kRegistry);
  std::string registered = others == nullptr ? std::string() : *others;
  registered += encoding_name(*encoder_);
  state.set(kRegistry, registered + settings_.description);

  bool remove = route != nullptr && route->remove_accept_encoding
                    ? *route->remove_accept_encoding
                    : settings_.remove_accept_encoding;
  if (remove) headers.remove("accept-encoding");

  const DirectionSettings& direction = settings_.request;
  auto& stats = direction.stats->local<DirectionStats>(context.worker());
  if (!end_stream && is_enabled(context, direction) && !headers.has(HeaderId::upgrade) &&
      headers.get(HeaderId::method) != "CONNECT" && is_long_enough(context, headers, direction) &&
      direction.allows_type(headers) && headers.find(kContentEncoding) == nullptr) {
    begin(headers, request_);
  }
  (request_.encoder != nullptr ? stats.compressed : stats.not_compressed).inc();
  return Verdict::next();
}

bool CompressorFilter::is_enabled(FilterContext& context,
                                  const DirectionSettings& direction) const {
  uint64_t configured = direction.enabled ? 1 : 0;
  return (direction.enabled_key.empty()
              ? configured
              : context.runtime_value(direction.enabled_key, configured)) != 0;
}

bool CompressorFilter::is_long_enough(FilterContext& context, const http::HeaderMap& headers,
                                      const DirectionSettings& direction) const {
  if (!is_too_short(headers, direction)) return true;
  direction.stats->local<DirectionStats>(context.worker()).content_length_too_small.inc();
  return false;
}

Verdict CompressorFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                              bool end_stream) {
  if (disabled_) return Verdict::next();
  const DirectionSettings& direction = settings_.response;
  auto& stats = direction.stats->local<DirectionStats>(context.worker());
  bool enabled = is_enabled(context, direction);
  bool considered = enabled && is_long_enough(context, headers, direction);
  std::string_view original_length = headers.get(HeaderId::content_length);
  bool compressible = considered && may_compress_response(context, headers);
  if (!end_stream && considered && is_chosen(context, headers) && compressible) {
    drop_strong_etag(headers);
    begin(headers, response_);
  }
  (response_.encoder != nullptr ? stats.compressed : stats.not_compressed).inc();
  if (settings_.status_header && enabled && !end_stream)
    add_status(context, headers, original_length);
  // Also what goes out as it is could have been compressed: caches must know.
  if (compressible) add_vary(headers);
  return Verdict::next();
}

bool CompressorFilter::may_compress_response(FilterContext& context,
                                             const http::HeaderMap& headers) const {
  if (!is_transformable(headers) || !settings_.response.allows_type(headers) ||
      has_code_of(settings_.uncompressible_codes, headers)) {
    return false;
  }
  if (settings_.disable_on_etag && headers.find("etag") != nullptr) {
    settings_.stats->local<CompressorStats>(context.worker()).not_compressed_etag.inc();
    return false;
  }
  return true;
}

// The first that holds, in Envoy's order.
std::string_view CompressorFilter::obstacle(const http::HeaderMap& headers) const {
  if (is_too_short(headers, settings_.response)) return "ContentLengthTooSmall";
  if (!settings_.response.allows_type(headers)) return "ContentTypeNotAllowed";
  if (settings_.disable_on_etag && headers.find("etag") != nullptr) return "EtagNotAllowed";
  if (has_code_of(settings_.uncompressible_codes, headers)) return "StatusCodeNotAllowed";
  return {};
}

// Each compressor of the chain adds its own field.
void CompressorFilter::add_status(FilterContext& context, http::HeaderMap& headers,
                                  std::string_view original_length) const {
  constexpr std::string_view kStatus = "x-envoy-compression-status";
  std::string_view encoding = encoding_name(*encoder_);
  if (response_.encoder != nullptr) {
    headers.add(kStatus,
                context.arena().concat(encoding, ";Compressed;OriginalLength=", original_length));
    return;
  }
  std::string_view reason = is_transformable(headers) ? obstacle(headers) : std::string_view();
  if (!reason.empty()) headers.add(kStatus, context.arena().concat(encoding, ";", reason));
}

bool CompressorFilter::is_chosen(FilterContext& context, const http::HeaderMap& headers) const {
  auto& stats = settings_.stats->local<CompressorStats>(context.worker());
  if (!accept_encoding_) {
    stats.no_accept_header.inc();
    return false;
  }
  const std::string* registered = context.info().extras->filter_state.find(kRegistry);
  std::string_view list = registered == nullptr ? std::string_view() : *registered;
  std::vector<std::string_view> available;
  std::string_view first;
  for (std::string_view line : split(list, '\n')) {
    std::vector<std::string_view> parts = split(line, ' ');
    std::string_view encoding = parts.front();
    parts.erase(parts.begin());
    bool choose_first = !parts.empty() && kChooseFirst.ends_with(parts.front());
    if (!type_is_in(headers, parts)) continue;
    available.push_back(encoding);
    if (choose_first) first = encoding;
  }
  Decision decision = choose_encoding(*accept_encoding_, available, first);
  bool own = decision.encoding == encoding_name(*encoder_);
  switch (decision.choice) {
    case Choice::compressor:
      (own ? stats.header_compressor_used : stats.header_compressor_overshadowed).inc();
      break;
    case Choice::wildcard:
      stats.header_wildcard.inc();
      break;
    case Choice::identity:
      stats.header_identity.inc();
      break;
    case Choice::not_valid:
      stats.header_not_valid.inc();
      break;
  }
  return own;
}

void CompressorFilter::begin(http::HeaderMap& headers, Message& message) const {
  message.encoder = make_encoder(*encoder_);
  if (message.encoder == nullptr) return;
  headers.remove(HeaderId::content_length);
  headers.add(kContentEncoding, encoding_name(*encoder_));
}

bool CompressorFilter::write(FilterContext& context, Message& message,
                             const DirectionSettings& direction, std::string_view piece,
                             bool last) const {
  message.out.clear();
  bool good = message.encoder->write(piece, last, message.out);
  auto& stats = direction.stats->local<DirectionStats>(context.worker());
  stats.total_uncompressed_bytes.add(piece.size());
  stats.total_compressed_bytes.add(message.out.size());
  if (!good) context.reset({{}, "compressor_failed", "the compression library failed"});
  return good;
}

Verdict CompressorFilter::on_request_body(FilterContext& context, std::string_view body,
                                          bool end_stream) {
  if (request_.encoder != nullptr &&
      write(context, request_, settings_.request, body, end_stream)) {
    context.replace_request_body(request_.out);
  }
  return Verdict::next();
}

Verdict CompressorFilter::on_request_trailers(FilterContext& context, http::HeaderMap&) {
  if (request_.encoder != nullptr && write(context, request_, settings_.request, {}, true)) {
    context.replace_request_body(request_.out);
  }
  return Verdict::next();
}

Verdict CompressorFilter::on_response_body(FilterContext& context, std::string_view body,
                                           bool end_stream) {
  if (response_.encoder != nullptr &&
      write(context, response_, settings_.response, body, end_stream)) {
    context.replace_response_body(response_.out);
  }
  return Verdict::next();
}

Verdict CompressorFilter::on_response_trailers(FilterContext& context, http::HeaderMap&) {
  if (response_.encoder != nullptr && write(context, response_, settings_.response, {}, true)) {
    context.replace_response_body(response_.out);
  }
  return Verdict::next();
}

ArenaPtr<HttpFilter> CompressorFactory::create(Arena& arena) const {
  return make_in_arena<CompressorFilter>(arena, settings_);
}

}  // namespace outrigger::filters::compressor
