// Sees whether a connection begins like HTTP, and which version it speaks. Pure.
#pragma once

#include <cstdint>

#include "api/bytes.h"

namespace outrigger::filters::http_inspector {

enum class Sniffed : uint8_t {
  need_more,
  http10,
  http11,
  http2,
  not_http
};

Sniffed sniff(Bytes data);

}  // namespace outrigger::filters::http_inspector
