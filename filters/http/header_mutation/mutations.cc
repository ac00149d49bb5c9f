#include "filters/http/header_mutation/mutations.h"

#include <string_view>

namespace outrigger::filters::header_mutation {
namespace {

using config::HeaderAddition;
using Action = HeaderAddition::Action;

// The lines of a cookie are joined by their own delimiter; a second cookie field would be lost on
// HTTP/1 servers.
void append(const HeaderAddition& addition, std::string_view value, http::HeaderMap& headers) {
  const http::HeaderField* cookie = headers.find(http::HeaderId::cookie);
  if (addition.name == "cookie" && cookie != nullptr && !cookie->value.empty()) {
    headers.set(http::HeaderId::cookie, headers.arena().concat(cookie->value, "; ", value));
    return;
  }
  headers.add(addition.name, value);
}

struct Apply {
  http::HeaderMap& headers;
  FilterContext& context;

  void operator()(const HeaderAddition& addition) const {
    std::string_view value = context.substitute(addition.value);
    if (value.empty() && !addition.keep_empty_value) return;
    bool exists = headers.find(addition.name) != nullptr;
    switch (addition.action) {
      case Action::append_if_exists_or_add:
        append(addition, value, headers);
        return;
      case Action::add_if_absent:
        if (!exists) headers.add(addition.name, value);
        return;
      case Action::overwrite_if_exists:
        if (exists) headers.set(addition.name, value);
        return;
      case Action::overwrite_if_exists_or_add:
        headers.set(addition.name, value);
        return;
    }
  }
  void operator()(const RemoveHeader& removal) const { headers.remove(removal.name); }
  // Pseudo-headers are the request line: a message without them is none.
  void operator()(const RemoveMatchingHeaders& removal) const {
    headers.remove_if([&removal](const http::HeaderField& field) {
      return !field.name.starts_with(':') && removal.name.matches(field.name);
    });
  }
};

}  // namespace

void apply(const std::vector<HeaderMutation>& mutations, http::HeaderMap& headers,
           FilterContext& context) {
  for (const HeaderMutation& mutation : mutations) std::visit(Apply{headers, context}, mutation);
}

}  // namespace outrigger::filters::header_mutation
