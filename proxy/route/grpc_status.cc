#include "proxy/route/grpc_status.h"

namespace outrigger::route {

int http_status_of_grpc(std::string_view status) {
  // By number, from OK to UNAUTHENTICATED.
  static constexpr int kCodes[] = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                   400, 409, 400, 501, 500, 503, 500, 401};
  unsigned number = 0;
  if (status.empty() || status.size() > 2) return 500;
  for (char c : status) {
    if (c < '0' || c > '9') return 500;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number < sizeof kCodes / sizeof kCodes[0] ? kCodes[number] : 500;
}

}  // namespace outrigger::route
