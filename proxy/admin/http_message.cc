#include "proxy/admin/http_message.h"

#include <ctime>

#include "absl/strings/match.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace outrigger::admin {
namespace {

bool is_form(std::string_view content_type) {
  return absl::StartsWithIgnoreCase(absl::string_view(content_type.data(), content_type.size()),
                                    "application/x-www-form-urlencoded");
}

}  // namespace

Request to_request(const RequestParts& parts) {
  Request request;
  request.method = std::string(parts.method);
  std::string_view target = parts.target;
  if (size_t scheme_end = target.find("://");
      !target.empty() && target.front() != '/' && scheme_end != target.npos) {
    size_t path = target.find('/', scheme_end + 3);
    target = path == target.npos ? std::string_view("/") : target.substr(path);
  }
  while (target.size() > 1 && target[0] == '/' && target[1] == '/') target.remove_prefix(1);
  target = target.substr(0, target.find('#'));
  request.path_and_query = std::string(target);
  size_t question = target.find('?');
  request.path = percent_decode(target.substr(0, question), false);
  if (question != target.npos) request.params.add(target.substr(question + 1), false);
  if (parts.method == "POST" && is_form(parts.content_type)) request.params.add(parts.body, true);
  return request;
}

HeaderList answer_headers(std::string_view content_type) {
  HeaderList headers = {
      {"content-type", std::string(content_type)},
      {"cache-control", "no-cache, max-age=0"},
      {"x-content-type-options", "nosniff"},
      {"date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr)))},
      {"server", "envoy"},
  };
  if (content_type == kHtml) {
    headers.emplace_back(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'");
  }
  return headers;
}

Response not_same_origin() {
  return Response::text(
      403,
      "Forbidden: the request comes from the page of another site (Origin differs from Host).\n");
}

}  // namespace outrigger::admin
