// Requests and answers as HTTP carries them, the same for every version. Thread: main.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/admin/page.h"

namespace outrigger::admin {

struct RequestParts {
  std::string_view method;
  std::string_view target;  // as sent: a path with its query, or "http://host/path"
  std::string_view content_type;
  std::string_view body;  // parameters, if it is a form
};
// "//ready" is "/ready".
Request to_request(const RequestParts& parts);

// Names in lower case.
using HeaderList = std::vector<std::pair<std::string_view, std::string>>;
// Of every answer, without those that say how long it is.
HeaderList answer_headers(std::string_view content_type);

Response not_same_origin();

}  // namespace outrigger::admin
