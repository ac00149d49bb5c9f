// Routes that answer without an upstream: redirects and direct responses.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "xds/compile_access_log.h"
#include "xds/compile_route_parts.h"
#include "xds/regex.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::DataSource;
using envoy::config::route::v3::DirectResponseAction;
using envoy::config::route::v3::RedirectAction;

int redirect_code(RedirectAction::RedirectResponseCode code) {
  switch (code) {
    case RedirectAction::FOUND:
      return 302;
    case RedirectAction::SEE_OTHER:
      return 303;
    case RedirectAction::TEMPORARY_REDIRECT:
      return 307;
    case RedirectAction::PERMANENT_REDIRECT:
      return 308;
    default:
      return 301;
  }
}

std::string read_file(const std::string& path, uint32_t max_bytes, FieldErrors& errors) {
  std::ifstream file(path, std::ios::binary);
  // One octet more than allowed is enough to know that the file is too large.
  std::string text(size_t{max_bytes} + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    errors.add("body.filename", fmt::format("cannot read '{}'", path));
    return {};
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string read_body(const DataSource& source, uint32_t max_bytes, FieldErrors& errors) {
  switch (source.specifier_case()) {
    case DataSource::kFilename:
      return read_file(source.filename(), max_bytes, errors);
    case DataSource::kInlineBytes:
      return source.inline_bytes();
    case DataSource::kInlineString:
      return source.inline_string();
    case DataSource::kEnvironmentVariable: {
      const char* value = std::getenv(source.environment_variable().c_str());
      if (value == nullptr) {
        errors.add("body.environment_variable",
                   fmt::format("'{}' is not set", source.environment_variable()));
        return {};
      }
      return value;
    }
    default:
      return {};
  }
}

}  // namespace

absl::StatusOr<config::RedirectAction> compile_redirect(const RedirectAction& action) {
  FieldErrors errors;
  config::RedirectAction out;
  out.scheme = action.scheme_redirect();
  out.https = action.https_redirect();
  out.host = action.host_redirect();
  if (action.port_redirect() > 65535) errors.add("port_redirect", "is above 65535");
  if (action.port_redirect() != 0) out.port = static_cast<uint16_t>(action.port_redirect());
  // An empty text changes nothing, as in Envoy.
  if (!action.path_redirect().empty()) out.path = action.path_redirect();
  if (!action.prefix_rewrite().empty()) out.prefix_rewrite = action.prefix_rewrite();
  if (action.has_regex_rewrite()) {
    out.regex_rewrite =
        errors.take_nested("regex_rewrite", compile_regex_rewrite(action.regex_rewrite()));
  }
  out.strip_query = action.strip_query();
  out.code = redirect_code(action.response_code());
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<config::DirectResponseAction> compile_direct_response(
    const DirectResponseAction& action, uint32_t max_body) {
  FieldErrors errors;
  config::DirectResponseAction out;
  out.status = static_cast<int>(action.status());
  if (action.has_body()) out.body = read_body(action.body(), max_body, errors);
  if (action.has_body_format()) {
    out.body_format = std::make_shared<const config::LogFormat>(
        errors.take_nested("body_format", compile_log_format(action.body_format())));
  }
  if (out.body.size() > max_body) {
    errors.add("body", fmt::format("is larger than the {} bytes allowed by "
                                   "max_direct_response_body_size_bytes",
                                   max_body));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
