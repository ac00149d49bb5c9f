#include "filters/http/decompressor/filter.h"

#include <algorithm>

namespace outrigger::filters::decompressor {
namespace {

using http::HeaderId;

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool is_enabled(FilterContext& context, const DirectionRules& rules) {
  uint64_t configured = rules.enabled ? 1 : 0;
  return (rules.enabled_key.empty() ? configured
                                    : context.runtime_value(rules.enabled_key, configured)) != 0;
}

// Only the coding that was applied last can be taken away.
bool is_encoded(const http::HeaderMap& headers, std::string_view encoding) {
  std::string_view codings = headers.get(HeaderId::content_encoding);
  return http::equals_ignore_case(without_blanks(codings.substr(0, codings.find(','))), encoding);
}

void take_coding_away(http::HeaderMap& headers) {
  std::string_view codings = headers.get(HeaderId::content_encoding);
  size_t comma = codings.find(',');
  if (comma == std::string_view::npos) {
    headers.remove(HeaderId::content_encoding);
  } else {
    headers.set(HeaderId::content_encoding, without_blanks(codings.substr(comma + 1)));
  }
}

// The coding comes last, without a weight: nobody likes it less than this proxy.
std::string_view with_encoding(std::string_view accepted, std::string_view encoding, Arena& arena) {
  std::string out;
  while (!accepted.empty()) {
    std::string_view item = accepted.substr(0, accepted.find(','));
    accepted.remove_prefix(std::min(accepted.size(), item.size() + 1));
    item = without_blanks(item);
    if (item.empty() || without_blanks(item.substr(0, item.find(';'))) == encoding) continue;
    out += item;
    out += ',';
  }
  return arena.concat(out, encoding);
}

}  // namespace

Verdict DecompressorFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                               bool end_stream) {
  if (settings_.advertise && is_enabled(context, settings_.response)) {
    headers.set(HeaderId::accept_encoding,
                with_encoding(headers.get(HeaderId::accept_encoding),
                              encoding_of(settings_.decoder), context.arena()));
  }
  if (!end_stream) begin(context, settings_.request, headers, request_);
  return Verdict::next();
}

Verdict DecompressorFilter::on_response_headers(FilterContext& context, http::HeaderMap& headers,
                                                bool end_stream) {
  if (!end_stream) begin(context, settings_.response, headers, response_);
  return Verdict::next();
}

void DecompressorFilter::begin(FilterContext& context, const DirectionRules& rules,
                               http::HeaderMap& headers, Message& message) const {
  auto& stats = rules.stats->local<DecompressorStats>(context.worker());
  bool may_transform = rules.ignore_no_transform ||
                       !http::has_token(headers.get(HeaderId::cache_control), "no-transform");
  if (is_enabled(context, rules) && may_transform &&
      is_encoded(headers, encoding_of(settings_.decoder))) {
    message.decoder = make_decoder(settings_.decoder, *settings_.errors, context.worker());
  }
  if (message.decoder == nullptr) {
    stats.not_decompressed.inc();
    return;
  }
  stats.decompressed.inc();
  headers.remove(HeaderId::content_length);
  take_coding_away(headers);
}

void DecompressorFilter::write(FilterContext& context, const DirectionRules& rules,
                               Message& message, std::string_view piece) const {
  message.out.clear();
  if (!message.failed) message.failed = !message.decoder->write(piece, message.out);
  message.compressed += piece.size();
  message.uncompressed += message.out.size();
  auto& stats = rules.stats->local<DecompressorStats>(context.worker());
  stats.total_compressed_bytes.add(piece.size());
  stats.total_uncompressed_bytes.add(message.out.size());
}

void DecompressorFilter::report(const Message& message, http::HeaderMap& trailers) const {
  Arena& arena = trailers.arena();
  trailers.add(settings_.compressed_trailer, arena.copy(std::to_string(message.compressed)));
  trailers.add(settings_.uncompressed_trailer, arena.copy(std::to_string(message.uncompressed)));
}

Verdict DecompressorFilter::on_request_body(FilterContext& context, std::string_view body,
                                            bool end_stream) {
  if (request_.decoder == nullptr) return Verdict::next();
  write(context, settings_.request, request_, body);
  context.replace_request_body(request_.out);
  if (end_stream) report(request_, context.add_request_trailers());
  return Verdict::next();
}

Verdict DecompressorFilter::on_request_trailers(FilterContext&, http::HeaderMap& trailers) {
  if (request_.decoder != nullptr) report(request_, trailers);
  return Verdict::next();
}

Verdict DecompressorFilter::on_response_body(FilterContext& context, std::string_view body,
                                             bool end_stream) {
  if (response_.decoder == nullptr) return Verdict::next();
  write(context, settings_.response, response_, body);
  context.replace_response_body(response_.out);
  if (end_stream) report(response_, context.add_response_trailers());
  return Verdict::next();
}

Verdict DecompressorFilter::on_response_trailers(FilterContext&, http::HeaderMap& trailers) {
  if (response_.decoder != nullptr) report(response_, trailers);
  return Verdict::next();
}

ArenaPtr<HttpFilter> DecompressorFactory::create(Arena& arena) const {
  return make_in_arena<DecompressorFilter>(arena, settings_);
}

}  // namespace outrigger::filters::decompressor
