#include "proxy/stream/request_admission.h"

#include "proxy/route/match.h"
#include "proxy/route/path_normalize.h"

namespace outrigger::stream {

using http::HeaderId;

namespace {

Refusal refuse(int code, std::string_view details, std::string_view cause) {
  return {{code, "", {{}, details, cause}, -1}};
}

void clean_host(const config::HttpConnectionManager& config, uint16_t local_port,
                http::HeaderMap& headers) {
  std::string_view authority = headers.get(HeaderId::authority);
  std::string_view host = route::without_port(authority);
  std::string_view port = authority.substr(host.size());
  bool strip = config.strip_any_host_port || (config.strip_matching_host_port && !port.empty() &&
                                              port.substr(1) == std::to_string(local_port));
  // CONNECT names a target: its port is part of it.
  if (headers.get(HeaderId::method) == "CONNECT") strip = false;
  bool dot = config.strip_trailing_host_dot && host.size() > 1 && host.back() == '.';
  if (!dot && (!strip || port.empty())) return;
  if (dot) host.remove_suffix(1);
  headers.set(HeaderId::authority, strip ? host : headers.arena().concat(host, port));
}

}  // namespace

std::optional<Refusal> admit_request(const config::HttpConnectionManager& config,
                                     uint16_t local_port, http::HeaderMap& headers,
                                     HttpStats& stats) {
  const http::HeaderField* authority = headers.find(HeaderId::authority);
  if (authority == nullptr || authority->value.empty()) {
    return refuse(400, "missing_host_header", "the request has no Host or :authority");
  }
  std::string_view path = headers.get(HeaderId::path);
  bool connect = headers.get(HeaderId::method) == "CONNECT";
  if (path.empty() && !connect)
    return refuse(404, "missing_path_rejected", "the request has no path");
  if (!path.empty() && path.front() != '/' &&
      !(path == "*" && headers.get(HeaderId::method) == "OPTIONS")) {
    stats.downstream_rq_non_relative_path.inc();
    return refuse(404, "absolute_path_rejected", "the request's path does not begin with a slash");
  }
  if (!path.empty()) {
    route::NormalizedPath normal = route::normalize_path(
        path, {config.normalize_path, config.merge_slashes, config.escaped_slashes},
        headers.arena());
    switch (normal.kind) {
      case route::NormalizedPath::Kind::keep:
        break;
      case route::NormalizedPath::Kind::changed:
        headers.set(HeaderId::path, normal.path);
        break;
      case route::NormalizedPath::Kind::redirect: {
        stats.downstream_rq_redirected_with_normalized_path.inc();
        Refusal refusal = refuse(307, "path_normalization_failed", "");
        refusal.location = normal.path;
        return refusal;
      }
      case route::NormalizedPath::Kind::reject:
        stats.downstream_rq_failed_path_normalization.inc();
        return refuse(400, "path_normalization_failed", "the path cannot be normalised");
    }
  }
  clean_host(config, local_port, headers);
  return std::nullopt;
}

}  // namespace outrigger::stream
