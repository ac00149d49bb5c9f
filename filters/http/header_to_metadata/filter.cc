#include "filters/http/header_to_metadata/filter.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

#include "api/http/cookie.h"
#include "api/struct_wire.h"

namespace outrigger::filters::header_to_metadata {
namespace {

// Longer values are no facts to route by, but a way to fill memory.
constexpr size_t kMaxValueBytes = 8 * 1024;

// One message's way through its list of rules.
class Writer {
 public:
  Writer(FilterContext& context, http::HeaderMap& headers, HeaderToMetadataStats* stats,
         bool request)
      : context_(context), headers_(headers), stats_(stats), request_(request) {}

  void apply(const Rule& rule) {
    count(&HeaderToMetadataStats::request_rules_processed,
          &HeaderToMetadataStats::response_rules_processed);
    std::optional<std::string_view> found = extract(rule);
    if (found && rule.present) {
      write(*rule.present, rewritten(rule, *found));
    } else if (!found && rule.missing) {
      count(&HeaderToMetadataStats::request_header_not_found,
            &HeaderToMetadataStats::response_header_not_found);
      write(*rule.missing, rule.missing->value);
    }
  }

 private:
  void count(Counter HeaderToMetadataStats::*of_request,
             Counter HeaderToMetadataStats::*of_response) {
    if (stats_ != nullptr) (stats_->*(request_ ? of_request : of_response)).inc();
  }
  void count(Counter HeaderToMetadataStats::*which) { count(which, which); }

  std::optional<std::string_view> extract(const Rule& rule) {
    if (rule.header.empty()) {
      auto value = http::find_cookie(headers_, rule.cookie);
      if (value && value->empty()) value.reset();
      return value;
    }
    bool found = false;
    std::string_view value = headers_.get_all(rule.header, context_.arena(), &found);
    if (!found) return std::nullopt;
    if (rule.remove) headers_.remove(rule.header);
    return value;
  }

  std::string_view rewritten(const Rule& rule, std::string_view value) {
    if (!rule.present->value.empty()) return rule.present->value;
    if (rule.rewrite == nullptr) return value;
    std::string_view out =
        context_.arena().copy(rule.rewrite->replace_all(value, rule.substitution));
    if (out.empty() && !value.empty()) count(&HeaderToMetadataStats::regex_substitution_failed);
    return out;
  }

  void write(const Target& target, std::string_view value) {
    if (value.empty()) return;
    if (value.size() >= kMaxValueBytes) {
      count(&HeaderToMetadataStats::header_value_too_long);
      return;
    }
    std::string text(value);
    if (target.base64 && !decode(text)) {
      count(&HeaderToMetadataStats::base64_decode_failed);
      return;
    }
    std::optional<MetadataValue> typed = to_type(target.type, std::move(text));
    if (!typed) return;
    Metadata& metadata = context_.info().make_extras(context_.arena()).metadata;
    metadata.of(target.name_space)[target.key] = *std::move(typed);
    count(&HeaderToMetadataStats::request_metadata_added,
          &HeaderToMetadataStats::response_metadata_added);
  }

  static bool decode(std::string& text) {
    std::string out;
    bool good = absl::Base64Unescape(absl::string_view(text.data(), text.size()), &out);
    text = std::move(out);
    return good && !text.empty();
  }

  static std::optional<MetadataValue> to_type(ValueType type, std::string text) {
    if (type == ValueType::string) return MetadataValue(std::move(text));
    if (type == ValueType::protobuf_value) return decode_struct_value(text);
    double number = 0;
    if (!absl::SimpleAtod(absl::StripAsciiWhitespace(text), &number)) return std::nullopt;
    return MetadataValue(number);
  }

  FilterContext& context_;
  http::HeaderMap& headers_;
  HeaderToMetadataStats* stats_;
  bool request_;
};

void apply_rules(FilterContext& context, http::HeaderMap& headers, const Rules& rules,
                 bool request) {
  const std::vector<Rule>& list = request ? rules.request : rules.response;
  if (list.empty()) return;
  HeaderToMetadataStats* stats = rules.stats == nullptr
                                     ? nullptr
                                     : &rules.stats->local<HeaderToMetadataStats>(context.worker());
  Writer writer(context, headers, stats, request);
  for (const Rule& rule : list) writer.apply(rule);
}

}  // namespace

void HeaderToMetadataFilter::choose_rules(FilterContext& context) {
  if (chosen_) return;
  chosen_ = true;
  const auto* route = static_cast<const RulesRouteConfig*>(context.route_config());
  if (route != nullptr) rules_ = &route->rules;
}

Verdict HeaderToMetadataFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                                   bool) {
  choose_rules(context);
  apply_rules(context, headers, *rules_, true);
  return Verdict::next();
}

Verdict HeaderToMetadataFilter::on_response_headers(FilterContext& context,
                                                    http::HeaderMap& headers, bool) {
  choose_rules(context);
  apply_rules(context, headers, *rules_, false);
  return Verdict::next();
}

ArenaPtr<HttpFilter> HeaderToMetadataFactory::create(Arena& arena) const {
  return make_in_arena<HeaderToMetadataFilter>(arena, rules_);
}

}  // namespace outrigger::filters::header_to_metadata
