// The gRPC form of a check: envoy.service.auth.v3.CheckRequest and CheckResponse as octets. Thread:
// the stream's worker; pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/filter/http_filter.h"
#include "filters/http/ext_authz/answer.h"
#include "filters/http/ext_authz/http_check.h"
#include "filters/http/ext_authz/settings.h"

namespace outrigger::filters::ext_authz {

inline constexpr std::string_view kCheckMethod = "/envoy.service.auth.v3.Authorization/Check";

std::string make_check_message(FilterContext& context, const Settings& settings,
                               const BodyRule* rule, const ShownBody& body,
                               const std::map<std::string, std::string>& context_extensions);
// An error if it is no such message.
Answer read_check_message(std::string_view octets);

}  // namespace outrigger::filters::ext_authz
