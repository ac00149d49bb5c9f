// Bytes: borrowed octets, valid for the call unless a comment says otherwise.
#pragma once

#include <string_view>

namespace outrigger {

using Bytes = std::string_view;

}  // namespace outrigger
