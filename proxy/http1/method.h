// The request methods that are accepted: those that Envoy knows.
#pragma once

#include <string_view>

namespace outrigger::http1 {

bool is_known_method(std::string_view method);
// Whether some known method begins with `text`.
bool begins_known_method(std::string_view text);

}  // namespace outrigger::http1
