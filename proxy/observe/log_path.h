// The request's path and query for access logs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/header_map.h"

namespace outrigger::observe {

// PATH's "WQ|NQ:ORIG|PATH|ORIG_OR_PATH"; by default with the query, of the path as the client sent
// it.
std::optional<std::string_view> logged_path(const http::HeaderMap& request, std::string_view spec);
// The query without its question mark.
std::optional<std::string_view> query_of(const http::HeaderMap& request);
// QUERY_PARAMS: the same, or percent-decoded into `scratch`.
std::optional<std::string_view> logged_query(const http::HeaderMap& request, bool decoded,
                                             std::string& scratch);
// The first parameter of that name, percent-decoded into `decoded` where it has to be.
std::optional<std::string_view> query_parameter(const http::HeaderMap& request,
                                                std::string_view name, std::string& decoded);

}  // namespace outrigger::observe
