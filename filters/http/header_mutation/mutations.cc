#include "filters/http/header_mutation/mutations.h"

#include <string>
#include <string_view>

#include "api/http/single_field.h"

namespace outrigger::filters::header_mutation {
namespace {

using config::HeaderAddition;
using Action = HeaderAddition::Action;

void append(const std::string& name, std::string_view value, http::HeaderMap& headers) {
  http::HeaderId id = http::header_id(name);
  if (http::is_single_field(id)) {
    headers.append(id, value);
  } else {
    headers.add(name, value);
  }
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
        append(addition.name, value, headers);
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
