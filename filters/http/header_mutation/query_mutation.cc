#include "filters/http/header_mutation/query_mutation.h"

#include <algorithm>
#include <utility>

namespace outrigger::filters::header_mutation {
namespace {

using Action = config::HeaderAddition::Action;

struct Parameter {
  std::string name;      // decoded
  std::string_view raw;  // "name=value" as it stands in the path
};
using Parameters = std::vector<Parameter>;

Parameters parse(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view raw = query.substr(0, end);
    parameters.push_back({percent_decode(raw.substr(0, raw.find('='))), raw});
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return parameters;
}

void mutate(const QueryMutation& mutation, Parameters& parameters, FilterContext& context) {
  auto same = [&mutation](const Parameter& parameter) { return parameter.name == mutation.name; };
  if (mutation.remove) {
    std::erase_if(parameters, same);
    return;
  }
  auto first = std::find_if(parameters.begin(), parameters.end(), same);
  bool exists = first != parameters.end();
  if (exists && mutation.action == Action::add_if_absent) return;
  if (!exists && mutation.action == Action::overwrite_if_exists) return;
  Parameter parameter{mutation.name,
                      context.arena().concat(percent_encode(mutation.name), "=",
                                             percent_encode(context.substitute(mutation.value)))};
  if (!exists || mutation.action == Action::append_if_exists_or_add) {
    parameters.push_back(std::move(parameter));
    return;
  }
  *first = std::move(parameter);
  parameters.erase(std::remove_if(first + 1, parameters.end(), same), parameters.end());
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[octet >> 4];
    out += kHex[octet & 15];
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (text[i] == '%' && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view apply(const std::vector<QueryMutation>& mutations, std::string_view path,
                       FilterContext& context) {
  size_t mark = path.find('?');
  std::string_view query = mark == std::string_view::npos ? "" : path.substr(mark + 1);
  Parameters parameters = parse(query);
  for (const QueryMutation& mutation : mutations) mutate(mutation, parameters, context);
  std::string out(path.substr(0, mark));
  for (const Parameter& parameter : parameters) {
    out += &parameter == parameters.data() ? '?' : '&';
    out += parameter.raw;
  }
  return context.arena().copy(out);
}

}  // namespace outrigger::filters::header_mutation
