#include "filters/http/ext_authz/answer.h"

#include <algorithm>
#include <string_view>

namespace outrigger::filters::ext_authz {

using http::HeaderId;
using Action = FieldEdit::Action;

namespace {

constexpr std::string_view kTokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";

void apply_one(const FieldEdit& edit, http::HeaderMap& headers) {
  Arena& arena = headers.arena();
  bool present = headers.find(edit.name) != nullptr;
  switch (edit.action) {
    case Action::add:
      headers.add_copy(edit.name, edit.value);
      break;
    case Action::add_if_absent:
      if (!present) headers.add_copy(edit.name, edit.value);
      break;
    case Action::set:
      headers.set_copy(edit.name, edit.value);
      break;
    case Action::set_if_present:
      if (present) headers.set_copy(edit.name, edit.value);
      break;
    case Action::append_to_value:
      if (present) {
        headers.set(arena.copy(edit.name), arena.concat(headers.get(edit.name), ",", edit.value));
      }
      break;
  }
}

}  // namespace

bool is_valid_field(const FieldEdit& edit) {
  std::string_view name = edit.name;
  if (name.starts_with(':')) name.remove_prefix(1);
  bool good_name = !name.empty() && name.find_first_not_of(kTokenChars) == std::string_view::npos;
  return good_name && std::none_of(edit.value.begin(), edit.value.end(), [](char c) {
           auto octet = static_cast<unsigned char>(c);
           return (octet < 0x20 && c != '\t') || octet == 0x7f;
         });
}

void apply_edits(const std::vector<FieldEdit>& edits, http::HeaderMap& headers) {
  for (const FieldEdit& edit : edits) {
    if (is_valid_field(edit)) apply_one(edit, headers);
  }
}

void remove_fields(const std::vector<std::string>& names, http::HeaderMap& headers) {
  for (const std::string& name : names) {
    if (!name.starts_with(':') && name != "host") headers.remove(name);
  }
}

void edit_query(const Fields& set, const std::vector<std::string>& remove,
                http::HeaderMap& headers) {
  if (set.empty() && remove.empty()) return;
  std::string_view path = headers.get(HeaderId::path);
  size_t mark = path.find('?');
  std::string_view query =
      mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
  Fields parameters;
  while (!query.empty()) {
    std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    size_t equals = part.find('=');
    std::string name(part.substr(0, equals));
    if (std::find(remove.begin(), remove.end(), name) != remove.end()) continue;
    parameters.emplace_back(std::move(name), equals == std::string_view::npos
                                                 ? std::string_view()
                                                 : part.substr(equals + 1));
  }
  for (const auto& wanted : set) {
    auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& parameter) {
      return parameter.first == wanted.first;
    });
    if (found == parameters.end()) {
      parameters.emplace_back(wanted.first, wanted.second);
    } else {
      found->second = wanted.second;
    }
  }
  std::string out(path.substr(0, mark));
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    // What would end the request line or the query is not a parameter.
    if ((name + value).find_first_of(" \t\r\n&#") != std::string::npos) continue;
    out += separator;
    out += name + "=" + value;
    separator = '&';
  }
  headers.set_copy(HeaderId::path, out);
}

}  // namespace outrigger::filters::ext_authz
