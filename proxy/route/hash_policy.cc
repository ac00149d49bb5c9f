#include "proxy/route/hash_policy.h"

#include <xxhash.h>

#include <algorithm>
#include <string>

#include "fmt/format.h"

#include "proxy/route/query.h"

namespace outrigger::route {
namespace {

using config::HashPolicy;
using Hash = std::optional<uint64_t>;

uint64_t hash_of(std::string_view text, uint64_t seed = 0) {
  return XXH64(text.data(), text.size(), seed);
}

// Several values count in any order.
Hash hash_header(const HashPolicy& policy, const http::HeaderMap& headers, Arena& arena) {
  std::vector<std::string_view> values;
  for (const http::HeaderField& field : headers.fields()) {
    if (field.name != policy.name) continue;
    values.push_back(policy.rewrite ? arena.copy(policy.rewrite->regex->replace_all(
                                          field.value, policy.rewrite->substitution))
                                    : field.value);
  }
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  uint64_t hash = 0;
  for (std::string_view value : values) hash = hash_of(value, hash);
  return hash;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Empty: there is none.
std::string_view find_cookie(const http::HeaderMap& headers, std::string_view name) {
  for (const http::HeaderField& field : headers.fields()) {
    if (field.id != http::HeaderId::cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    }
  }
  return {};
}

// The same for all requests of a connection that are under way before the client knows it.
Hash make_cookie(const HashPolicy& policy, const HashSource& source, Arena& arena,
                 std::vector<std::string_view>& set_cookies) {
  std::string value = fmt::format("{:016x}", hash_of(source.remote.text() + source.local.text()));
  std::string cookie = fmt::format("{}=\"{}\"", policy.name, value);
  if (policy.cookie_ttl->count() > 0)
    cookie += fmt::format("; Max-Age={}", policy.cookie_ttl->count());
  if (!policy.cookie_path.empty()) cookie += "; Path=" + policy.cookie_path;
  cookie += policy.cookie_attributes;
  cookie += "; HttpOnly";
  set_cookies.push_back(arena.copy(cookie));
  return hash_of(value);
}

Hash hash_by(const HashPolicy& policy, const HashSource& source, Arena& arena,
             std::vector<std::string_view>& set_cookies) {
  switch (policy.kind) {
    case HashPolicy::Kind::header:
      return hash_header(policy, source.headers, arena);
    case HashPolicy::Kind::cookie: {
      std::string_view value = find_cookie(source.headers, policy.name);
      if (!value.empty()) return hash_of(value);
      if (!policy.cookie_ttl || !source.make_cookies) return std::nullopt;
      return make_cookie(policy, source, arena, set_cookies);
    }
    case HashPolicy::Kind::source_ip:
      if (!source.client.is_ip()) return std::nullopt;
      return hash_of(source.client.ip_text());
    case HashPolicy::Kind::query_parameter: {
      auto value = query_value(source.headers.get(http::HeaderId::path), policy.name);
      return value ? Hash(hash_of(*value)) : std::nullopt;
    }
    case HashPolicy::Kind::filter_state: {
      const std::string* value =
          source.state == nullptr ? nullptr : source.state->find(policy.name);
      return value == nullptr ? std::nullopt : Hash(hash_of(*value));
    }
  }
  return std::nullopt;
}

}  // namespace

RequestHash hash_request(const std::vector<HashPolicy>& policies, const HashSource& source,
                         Arena& arena) {
  RequestHash out;
  for (const HashPolicy& policy : policies) {
    Hash next = hash_by(policy, source, arena, out.set_cookies);
    if (next) {
      // Turned, so that two equal ones do not cancel each other out.
      uint64_t turned = out.value ? (*out.value << 1 | *out.value >> 63) : 0;
      out.value = turned ^ *next;
    }
    if (policy.terminal && out.value) break;
  }
  return out;
}

}  // namespace outrigger::route
