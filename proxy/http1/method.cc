#include "proxy/http1/method.h"

#include <algorithm>

namespace outrigger::http1 {
namespace {

// The frequent ones first: the list is searched in order.
constexpr std::string_view kMethods[] = {
    "GET",         "POST",       "PUT",        "HEAD",  "DELETE",   "PATCH",  "OPTIONS",
    "CONNECT",     "TRACE",      "COPY",       "LOCK",  "MKCOL",    "MOVE",   "PROPFIND",
    "PROPPATCH",   "SEARCH",     "UNLOCK",     "BIND",  "REBIND",   "UNBIND", "ACL",
    "REPORT",      "MKACTIVITY", "CHECKOUT",   "MERGE", "M-SEARCH", "NOTIFY", "SUBSCRIBE",
    "UNSUBSCRIBE", "PURGE",      "MKCALENDAR", "LINK",  "UNLINK",   "SOURCE",
};

}  // namespace

bool is_known_method(std::string_view method) {
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

bool begins_known_method(std::string_view text) {
  return std::any_of(std::begin(kMethods), std::end(kMethods),
                     [&](std::string_view method) { return method.starts_with(text); });
}

}  // namespace outrigger::http1
