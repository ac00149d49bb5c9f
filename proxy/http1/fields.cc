#include "proxy/http1/fields.h"

#include "proxy/http1/chars.h"
#include "proxy/http1/known_name.h"

namespace outrigger::http1 {
namespace {

using http::HeaderId;

// Ids that need more than being added to the map.
constexpr std::array<bool, http::kHeaderIdCount> kSpecial = [] {
  std::array<bool, http::kHeaderIdCount> table{};
  for (HeaderId id : {HeaderId::host, HeaderId::connection, HeaderId::content_length,
                      HeaderId::transfer_encoding, HeaderId::upgrade}) {
    table[static_cast<unsigned>(id)] = true;
  }
  return table;
}();

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// False: a client's option is no token. What a server calls its options does not change where its
// messages end.
bool read_connection(std::string_view value, FieldFacts& facts) {
  if (value == "keep-alive") {  // what nearly all say
    facts.connection_keep_alive = true;
    return true;
  }
  while (true) {
    size_t comma = value.find(',');
    std::string_view option = trim(value.substr(0, comma));
    if (http::equals_ignore_case(option, "keep-alive")) {
      facts.connection_keep_alive = true;
    } else if (http::equals_ignore_case(option, "close")) {
      facts.connection_close = true;
    } else if (http::equals_ignore_case(option, "upgrade")) {
      facts.connection_upgrade = true;
    } else if (!all_in(option, kToken)) {
      return false;
    }
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

HeadError read_length(std::string_view value, FieldFacts& facts) {
  if (facts.has_length || !http::parse_decimal(value, facts.content_length)) return kMalformed;
  facts.has_length = true;
  return kNoError;
}

// Only "chunked", once: of any other coding we could not find the end of the message, and two
// parties that disagree about it can be made to see different requests.
HeadError read_transfer_encoding(std::string_view value, FieldFacts& facts) {
  if (facts.chunked || !http::equals_ignore_case(value, "chunked")) {
    return {501, details::kInvalidTransferEncoding};
  }
  facts.chunked = true;
  return kNoError;
}

HeadError read_host(std::string_view value, std::string_view original_name, FieldFacts& facts) {
  if (facts.has_host) return {400, details::kInvalidAuthority};
  facts.has_host = true;
  facts.host = value;
  facts.host_original_name = original_name;
  return kNoError;
}

// `keep`: whether the field goes into the map.
HeadError read_special(HeaderId id, std::string_view value, std::string_view original_name,
                       Section section, FieldFacts& facts, bool& keep) {
  switch (id) {
    case HeaderId::host:
      // A trailer that a reader merges must not change the route or the framing.
      if (section == Section::trailers) return kMalformed;
      keep = section == Section::response;
      return keep ? kNoError : read_host(value, original_name, facts);
    case HeaderId::content_length:
      return section == Section::trailers ? kMalformed : read_length(value, facts);
    case HeaderId::transfer_encoding:
      keep = false;
      return section == Section::trailers ? kMalformed : read_transfer_encoding(value, facts);
    case HeaderId::connection:
      if (read_connection(value, facts) || section != Section::request) return kNoError;
      return {400, details::kConnectionRejected};
    case HeaderId::upgrade:
      facts.has_upgrade = true;
      return kNoError;
    default:
      return kNoError;
  }
}

// Applies the policy for "_" in names, which some servers read as "-". False: the field is dropped.
HeadError check_underscore(std::string_view name, const FieldRules& rules, bool& keep) {
  if (name.find('_') == std::string_view::npos) return kNoError;
  if (rules.options.limits.underscores == http::UnderscoresAction::reject_request) {
    rules.stats.requests_rejected_with_underscores_in_headers.inc();
    return {400, details::kUnderscore};
  }
  rules.stats.dropped_headers_with_underscores.inc();
  keep = false;
  return kNoError;
}

struct Name {
  std::string_view lower;
  std::string_view original;
};

// Reads a name and puts it into lower case, in place or, if the case is to be kept, in a copy.
// Empty: not a name.
inline Name read_name(char*& at, bool keep_case, Arena& arena) {
  char* begin = at;
  if (!keep_case) {
    at = lower_token(at);
    return {{begin, static_cast<size_t>(at - begin)}, {}};
  }
  while (kToken[octet(*at)]) ++at;
  std::string_view original(begin, static_cast<size_t>(at - begin));
  char* copy = arena.allocate_chars(original.size() + kScanSlack);
  for (size_t i = 0; i < original.size(); ++i) copy[i] = kLowerToken[octet(original[i])];
  return {{copy, original.size()}, original};
}

// Reads what follows the colon up to and with the line's end.
inline HeadError read_value(char*& at, std::string_view& value) {
  if (*at == ' ') ++at;  // nearly always the one, and no other
  while (is_blank(*at)) ++at;
  char* begin = at;
  at = skip_text(at);
  char* end = at;
  if (at[0] != '\r' || at[1] != '\n') {
    return out_of_place(at[0]);
  }
  at += 2;
  while (end > begin && is_blank(end[-1])) --end;
  value = {begin, static_cast<size_t>(end - begin)};
  return kNoError;
}

}  // namespace

HeadError parse_fields(char* at, const FieldRules& rules, http::HeaderMap& map, FieldFacts& facts) {
  const bool keep_case = rules.options.header_case == http::HeaderCase::preserve;
  const bool check_names =
      rules.server && rules.options.limits.underscores != http::UnderscoresAction::allow;
  uint32_t left = rules.options.limits.max_fields;
  while (*at != '\r') {
    Name name = read_name(at, keep_case, map.arena());
    // No name (obs-fold, an empty one), or white space or anything else between it and the colon.
    if (name.lower.empty() || *at != ':') return out_of_place(*at);
    ++at;
    std::string_view value;
    if (HeadError error = read_value(at, value)) return error;
    if (left-- == 0) return {431, details::kTooManyHeaders};
    constexpr size_t kColonAndLineEnd = 3;
    facts.octets += name.lower.size() + value.size() + kColonAndLineEnd;
    HeaderId id = known_name(name.lower);
    bool keep = true;
    if (kSpecial[static_cast<unsigned>(id)]) {
      HeadError error = read_special(id, value, name.original, rules.section, facts, keep);
      if (error) return error;
    } else if (check_names) {
      if (HeadError error = check_underscore(name.lower, rules, keep)) return error;
    }
    if (keep) map.add_parsed(id, name.lower, value, name.original);
  }
  return at[1] == '\n' ? kNoError : kMalformed;
}

}  // namespace outrigger::http1
