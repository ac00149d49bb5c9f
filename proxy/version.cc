#include "proxy/version.h"

#include "fmt/format.h"

// Set by proxy/CMakeLists.txt when the build is configured.
#ifndef OUTRIGGER_REVISION
#define OUTRIGGER_REVISION "unknown"
#endif
#ifndef OUTRIGGER_SOURCE_STATUS
#define OUTRIGGER_SOURCE_STATUS "Modified"
#endif
#ifndef OUTRIGGER_VERSION
#define OUTRIGGER_VERSION "0.0.0"
#endif

namespace outrigger {

BuildVersion build_version() {
#ifdef NDEBUG
  constexpr std::string_view type = "RELEASE";
#else
  constexpr std::string_view type = "DEBUG";
#endif
  return {OUTRIGGER_REVISION, OUTRIGGER_VERSION, OUTRIGGER_SOURCE_STATUS, type, "OpenSSL"};
}

std::string version_text() {
  BuildVersion v = build_version();
  return fmt::format("{}/{}/{}/{}/{}", v.revision, v.number, v.status, v.type, v.tls);
}

}  // namespace outrigger
