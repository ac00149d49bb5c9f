#include "proxy/observe/log_grpc.h"

#include <iterator>

namespace outrigger::observe {
namespace {

struct Name {
  std::string_view camel;
  std::string_view snake;
};
constexpr Name kStatusNames[] = {
    {"OK", "OK"},
    {"Canceled", "CANCELLED"},
    {"Unknown", "UNKNOWN"},
    {"InvalidArgument", "INVALID_ARGUMENT"},
    {"DeadlineExceeded", "DEADLINE_EXCEEDED"},
    {"NotFound", "NOT_FOUND"},
    {"AlreadyExists", "ALREADY_EXISTS"},
    {"PermissionDenied", "PERMISSION_DENIED"},
    {"ResourceExhausted", "RESOURCE_EXHAUSTED"},
    {"FailedPrecondition", "FAILED_PRECONDITION"},
    {"Aborted", "ABORTED"},
    {"OutOfRange", "OUT_OF_RANGE"},
    {"Unimplemented", "UNIMPLEMENTED"},
    {"Internal", "INTERNAL"},
    {"Unavailable", "UNAVAILABLE"},
    {"DataLoss", "DATA_LOSS"},
    {"Unauthenticated", "UNAUTHENTICATED"},
};

bool is_grpc(const http::HeaderMap& request) {
  std::string_view type = request.get(http::HeaderId::content_type);
  constexpr std::string_view kGrpc = "application/grpc";
  return type.starts_with(kGrpc) &&
         (type.size() == kGrpc.size() || type[kGrpc.size()] == '+' || type[kGrpc.size()] == ';');
}

std::optional<uint64_t> status_in(const http::HeaderMap* headers) {
  uint64_t status = 0;
  if (headers == nullptr ||
      !http::parse_decimal(headers->get(http::HeaderId::grpc_status), status)) {
    return std::nullopt;
  }
  return status;
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
uint64_t status_of_http(int code) {
  switch (code) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

}  // namespace

std::optional<uint64_t> grpc_status(const LogContext& context) {
  if (context.request == nullptr || !is_grpc(*context.request)) return std::nullopt;
  return any_grpc_status(context);
}

std::optional<uint64_t> any_grpc_status(const LogContext& context) {
  if (auto status = status_in(context.trailers)) return status;
  if (auto status = status_in(context.response)) return status;
  if (!context.info.response_code) return std::nullopt;
  return status_of_http(*context.info.response_code);
}

std::string_view grpc_status_name(uint64_t status, bool snake_case) {
  if (status >= std::size(kStatusNames)) return {};
  return snake_case ? kStatusNames[status].snake : kStatusNames[status].camel;
}

}  // namespace outrigger::observe
