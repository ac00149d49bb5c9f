#include "api/outcome.h"

namespace outrigger {
namespace {

constexpr std::string_view kShort[] = {
#define X(name, short_text, long_text) short_text,
    OUTRIGGER_RESPONSE_FLAGS(X)
#undef X
};

constexpr std::string_view kLong[] = {
#define X(name, short_text, long_text) long_text,
    OUTRIGGER_RESPONSE_FLAGS(X)
#undef X
};

}  // namespace

std::string_view short_name(ResponseFlag flag) {
  return kShort[static_cast<unsigned>(flag)];
}
std::string_view long_name(ResponseFlag flag) {
  return kLong[static_cast<unsigned>(flag)];
}

}  // namespace outrigger
