#include "proxy/route/path_normalize.h"

#include "proxy/route/path_canonical.h"

namespace outrigger::route {
namespace {

using config::EscapedSlashes;
using Kind = NormalizedPath::Kind;

struct Parts {
  std::string_view path;
  std::string_view query;  // with its "?"
};

Parts split(std::string_view text) {
  std::string_view path = text.substr(0, text.find('?'));
  return {path, text.substr(path.size())};
}

// '/' or '\' where an escape of it stands, else 0.
char escaped_slash(std::string_view path, size_t at) {
  if (path[at] != '%' || path.size() - at < 3) return 0;
  char high = path[at + 1];
  char low = static_cast<char>(path[at + 2] | 0x20);
  if (high == '2' && low == 'f') return '/';
  return high == '5' && low == 'c' ? '\\' : 0;
}

// `path` itself when nothing was escaped.
std::string_view unescape_slashes(std::string_view path, Arena& arena) {
  if (path.find('%') == std::string_view::npos) return path;
  char* out = arena.allocate_chars(path.size());
  size_t size = 0;
  for (size_t at = 0; at < path.size();) {
    char slash = escaped_slash(path, at);
    out[size++] = slash != 0 ? slash : path[at];
    at += slash != 0 ? 3 : 1;
  }
  return size == path.size() ? path : std::string_view(out, size);
}

// "/a/..;v=1/b" as "/a/../b": some servers drop the parameters of a segment before they resolve it.
std::string_view drop_dot_parameters(std::string_view path, Arena& arena) {
  if (path.find(".;") == std::string_view::npos) return path;
  char* out = arena.allocate_chars(path.size());
  size_t size = 0;
  while (!path.empty()) {
    std::string_view segment = path.substr(0, path.find('/', 1));
    std::string_view name = segment.substr(segment.starts_with('/') ? 1 : 0);
    bool dots = name.starts_with(".;") || name.starts_with("..;");
    size_t kept = dots ? segment.find(';') : segment.size();
    size += segment.copy(out + size, kept);
    path.remove_prefix(segment.size());
  }
  return {out, size};
}

std::string_view merge_slashes(std::string_view path, Arena& arena) {
  if (path.find("//") == std::string_view::npos) return path;
  char* out = arena.allocate_chars(path.size());
  size_t size = 0;
  for (char c : path) {
    if (c == '/' && size > 0 && out[size - 1] == '/') continue;
    out[size++] = c;
  }
  // Envoy's answer for a path of nothing but slashes; the upstream may know the difference.
  return size == 1 ? "//" : std::string_view(out, size);
}

}  // namespace

NormalizedPath normalize_path(std::string_view text, const NormalizeOptions& options,
                              Arena& arena) {
  // A fragment never belongs on the wire, and whoever compares paths may or may not see it.
  if (text.find('#') != std::string_view::npos) return {Kind::reject, {}};
  auto [original, query] = split(text);
  std::string_view path = original;
  bool redirect = false;
  if (options.escaped_slashes != EscapedSlashes::keep) {
    path = unescape_slashes(path, arena);
    bool found = path.size() != original.size();
    if (found && options.escaped_slashes == EscapedSlashes::reject_request) {
      return {Kind::reject, {}};
    }
    redirect = found && options.escaped_slashes == EscapedSlashes::unescape_and_redirect;
  }
  if (options.normalize) {
    std::optional<std::string_view> canonical =
        canonical_path(drop_dot_parameters(path, arena), arena);
    if (!canonical) return {Kind::reject, {}};
    path = *canonical;
  }
  if (options.merge_slashes) path = merge_slashes(path, arena);
  if (!redirect && path == original) return {Kind::keep, text};
  return {redirect ? Kind::redirect : Kind::changed, arena.concat(path, query)};
}

}  // namespace outrigger::route
