// Path templates: "/shop/{id}/items/*", "/static/**": `*` is one segment, `**` (last) any rest,
// {name}, {name=*}, {name=**}, {name=a/*} capture. Compiled to regular expressions. Thread: main.
// Semantics: envoy.extensions.path.match.uri_template.v3.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"

#include "api/config/route.h"
#include "api/config/string_matcher.h"

namespace outrigger::xds {

// In RE2's language, for the whole path; variables are named groups.
absl::StatusOr<std::string> uri_template_regex(std::string_view path_template);

// UriTemplateMatchConfig; other types are errors.
absl::StatusOr<config::StringMatcher> compile_uri_template(const google::protobuf::Any& any);

// UriTemplateRewriteConfig ("/items/{id}", of the variables of the UriTemplateMatchConfig `match`)
// as the replacement of a whole path.
absl::StatusOr<config::RegexRewrite> compile_uri_template_rewrite(
    const google::protobuf::Any& rewrite, const google::protobuf::Any& match);

}  // namespace outrigger::xds
