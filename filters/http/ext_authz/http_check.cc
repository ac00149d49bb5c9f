#include "filters/http/ext_authz/http_check.h"

#include <algorithm>
#include <string>
#include <utility>

namespace outrigger::filters::ext_authz {

using http::HeaderId;
using Action = FieldEdit::Action;

namespace {

constexpr std::string_view kPartialBody = "x-envoy-auth-partial-body";
constexpr std::string_view kHeadersToRemove = "x-envoy-auth-headers-to-remove";

// Fields of a denial that the client gets whatever the configuration allows.
bool is_essential(std::string_view name) {
  return name == "content-length" || name == "www-authenticate" || name == "location";
}

// Several fields of a name are one, as the service's map has it.
void add_joined(http::AsyncHeaders& headers, std::string_view name, std::string_view value) {
  for (auto& [existing, text] : headers) {
    if (existing == name) {
      text.append(",").append(value);
      return;
    }
  }
  headers.emplace_back(name, value);
}

void read_removals(std::string_view list, std::vector<std::string>& out) {
  while (!list.empty()) {
    std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty()) continue;
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    out.push_back(std::move(lower));
  }
}

void read_field(const HttpService& service, const std::string& name, const std::string& value,
                Answer& answer) {
  if (matches_any(service.to_request, name)) {
    answer.request.push_back({Action::set, name, value});
  }
  if (matches_any(service.to_request_added, name)) {
    answer.request.push_back({Action::add, name, value});
  }
  if (matches_any(service.to_response, name)) {
    answer.response.push_back({Action::add, name, value});
  }
  if (matches_any(service.to_metadata, name)) answer.metadata[name] = MetadataValue(value);
}

}  // namespace

bool Settings::shows_header(std::string_view name) const {
  if (name == kPartialBody || matches_any(disallowed_headers, name)) return false;
  bool needed = name == ":method" || name == ":path" || name == ":authority";
  if (!http) return !allowed_headers || matches_any(*allowed_headers, name);
  return needed || name == "authorization" ||
         (allowed_headers && matches_any(*allowed_headers, name));
}

http::AsyncRequest make_http_check(FilterContext& context, const Settings& settings,
                                   const ShownBody& body) {
  const HttpService& service = *settings.http;
  const http::HeaderMap& request = context.request_headers();
  http::HeaderMap headers(context.arena());
  http::AsyncHeaders shown;
  for (const http::HeaderField& field : request.fields()) {
    if (settings.shows_header(field.name) && field.id != HeaderId::content_length) {
      add_joined(shown, field.name, field.value);
    }
  }
  for (auto& [name, value] : shown) {
    if (name == ":path") value.insert(0, service.path_prefix);
    headers.add(name, value);
  }
  if (!headers.has(HeaderId::scheme)) {
    headers.add(HeaderId::scheme, request.get(HeaderId::scheme));
  }
  if (body.text.empty()) headers.set(HeaderId::content_length, "0");
  if (body.shown) headers.set(kPartialBody, body.partial ? "true" : "false");
  context.apply(service.add, headers);

  http::AsyncRequest check;
  check.cluster = service.cluster;
  check.timeout = service.timeout;
  check.body = body.text;
  for (const http::HeaderField& field : headers.fields()) {
    check.headers.emplace_back(field.name, field.value);
  }
  // Pseudo-header fields come first.
  std::stable_partition(check.headers.begin(), check.headers.end(),
                        [](const auto& field) { return field.first.starts_with(':'); });
  return check;
}

Answer read_http_answer(const http::AsyncResponse& response, const Settings& settings) {
  const HttpService& service = *settings.http;
  Answer answer;
  if (response.status >= 500 || response.status < 200) return answer;
  answer.status = response.status == 200 ? Answer::Status::ok : Answer::Status::denied;
  for (const auto& [name, value] : response.headers) {
    if (name == kHeadersToRemove) {
      if (response.status == 200) read_removals(value, answer.request_remove);
    } else if (response.status == 200) {
      read_field(service, name, value, answer);
    } else {
      if (service.to_reply.empty() || is_essential(name) || matches_any(service.to_reply, name)) {
        answer.reply.push_back({Action::add, name, value});
      }
      if (matches_any(service.to_metadata, name)) answer.metadata[name] = MetadataValue(value);
    }
  }
  if (answer.status == Answer::Status::denied) {
    answer.code = response.status;
    answer.body = response.body;
  }
  return answer;
}

}  // namespace outrigger::filters::ext_authz
