#include "proxy/tls/error_text.h"

#include "fmt/format.h"
#include <openssl/err.h>

namespace outrigger::tls {
namespace {

const char* or_unknown(const char* text) {
  return text == nullptr ? "unknown" : text;
}

}  // namespace

std::vector<QueuedError> take_errors() {
  std::vector<QueuedError> all;
  while (unsigned long code = ERR_get_error())
    all.push_back({code, ERR_GET_LIB(code), ERR_GET_REASON(code)});
  return all;
}

std::string describe(const QueuedError& error) {
  return fmt::format("{}:{}:{}", error.code, or_unknown(ERR_lib_error_string(error.code)),
                     or_unknown(ERR_reason_error_string(error.code)));
}

std::string take_reasons() {
  std::string text;
  for (const QueuedError& error : take_errors()) {
    if (!text.empty()) text += "; ";
    text += or_unknown(ERR_reason_error_string(error.code));
  }
  return text.empty() ? "unknown error" : text;
}

}  // namespace outrigger::tls
