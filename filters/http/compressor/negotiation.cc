#include "filters/http/compressor/negotiation.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "api/http/header_map.h"

namespace outrigger::filters::compressor {
namespace {

struct Wish {
  std::string_view encoding;
  double weight = 1;
};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// "gzip;q=0.5"; nullopt: the weight is no number.
std::optional<Wish> parse_wish(std::string_view token) {
  Wish wish{trim(token.substr(0, token.find(';'))), 1};
  size_t semicolon = token.find(';');
  if (semicolon == std::string_view::npos) return wish;
  std::string_view parameter = token.substr(semicolon + 1);
  size_t equals = parameter.find('=');
  if (equals == std::string_view::npos ||
      !http::equals_ignore_case(trim(parameter.substr(0, equals)), "q")) {
    return wish;
  }
  std::string_view number = trim(parameter.substr(equals + 1));
  auto result = std::from_chars(number.data(), number.data() + number.size(), wish.weight);
  if (result.ec != std::errc() || result.ptr != number.data() + number.size()) return std::nullopt;
  return wish;
}

}  // namespace

Decision choose_encoding(std::string_view accepted, std::span<const std::string_view> available,
                         std::string_view first) {
  std::vector<std::string_view> allowed(available.begin(), available.end());
  std::vector<Wish> wishes;
  while (!accepted.empty()) {
    std::string_view token = accepted.substr(0, accepted.find(','));
    accepted.remove_prefix(std::min(accepted.size(), token.size() + 1));
    if (trim(token).empty()) continue;
    std::optional<Wish> wish = parse_wish(token);
    if (!wish) continue;
    wishes.push_back(*wish);
    // A weight of 0 refuses the encoding, also where "*" would take it.
    if (wish->weight == 0) std::erase(allowed, wish->encoding);
  }
  if (wishes.empty() || allowed.empty()) return {};

  Wish best{"", 0};
  for (const Wish& wish : wishes) {
    bool known = wish.encoding == "identity" || wish.encoding == "*" ||
                 std::find(allowed.begin(), allowed.end(), wish.encoding) != allowed.end();
    bool liked_more = wish.weight > best.weight;
    bool liked_as_much = wish.weight == best.weight && !first.empty() && wish.encoding == first;
    if (known && (liked_more || liked_as_much)) best = wish;
  }
  if (best.weight <= 0) return {};
  if (best.encoding == "identity") return {{}, Choice::identity};
  if (best.encoding == "*") return {allowed.front(), Choice::wildcard};
  return {*std::find(allowed.begin(), allowed.end(), best.encoding), Choice::compressor};
}

}  // namespace outrigger::filters::compressor
