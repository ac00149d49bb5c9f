// Compares a certificate's names with those that are asked for. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/config/tls.h"
#include "proxy/tls/certificate_info.h"

namespace outrigger::tls {

// Does `pattern`, a name in a certificate ("*.example.com"), stand for `name`? The star stands for
// (a part of) the first label only. Case does not matter.
bool dns_name_matches(std::string_view name, std::string_view pattern);

// One matcher is enough.
bool any_name_matches(const std::vector<SubjectName>& names,
                      const std::vector<config::SanMatcher>& matchers);

// One of `wanted` must be there: a DNS name by the rules above, any other kind exactly.
bool any_name_is(const std::vector<SubjectName>& names, const std::vector<std::string>& wanted);

}  // namespace outrigger::tls
