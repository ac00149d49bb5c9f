// Text inside of an HTML page. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::admin {

std::string html_escaped(std::string_view text);

}  // namespace outrigger::admin
