// A message's headers with the memory under them, for tests of routing.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"
#include "proxy/route/match.h"

namespace outrigger::route {

struct TestMessage {
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  TestMessage(Fields fields) : arena(pool), headers(arena) {  // NOLINT: reads as a list of headers
    for (const auto& [name, value] : fields) headers.add_copy(name, value);
  }

  std::string get(std::string_view name) const { return std::string(headers.get(name)); }
  bool has(std::string_view name) const { return headers.find(name) != nullptr; }
  RouteInput input(uint64_t random = 0) { return {headers, arena, random, nullptr}; }

  ChunkPool pool;
  Arena arena;
  http::HeaderMap headers;
};

inline config::PathMatch path_match(config::PathMatch::Kind kind, std::string text,
                                    bool case_sensitive = true) {
  config::PathMatch match;
  match.kind = kind;
  match.text = std::move(text);
  match.case_sensitive = case_sensitive;
  return match;
}

// A forwarding route to `cluster` for a prefix.
inline config::Route prefix_route(std::string prefix, std::string cluster) {
  config::Route route;
  route.name = cluster;
  route.match.path = path_match(config::PathMatch::Kind::prefix, std::move(prefix));
  config::ForwardAction action;
  action.cluster.name = std::move(cluster);
  route.action = std::move(action);
  return route;
}

// A pattern that is matched as a plain text and replaces nothing but that text: tests of routing
// need no engine.
class TextRegex final : public config::Regex {
 public:
  explicit TextRegex(std::string text) : text_(std::move(text)) {}
  bool full_match(std::string_view subject) const override { return subject == text_; }
  std::string replace_all(std::string_view subject, std::string_view substitution) const override {
    std::string out(subject);
    for (size_t at = 0; (at = out.find(text_, at)) != std::string::npos;
         at += substitution.size()) {
      out.replace(at, text_.size(), substitution);
    }
    return out;
  }
  const std::string& pattern() const override { return text_; }

 private:
  std::string text_;
};

inline config::RegexPtr text_regex(std::string text) {
  return std::make_shared<const TextRegex>(std::move(text));
}

}  // namespace outrigger::route
