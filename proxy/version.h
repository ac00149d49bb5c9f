// Which build this is. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace outrigger {

struct BuildVersion {
  std::string_view revision;  // of the source; "unknown" outside of a checkout
  std::string_view number;    // "0.1.0"
  std::string_view status;    // "Clean", or "Modified" if the sources differ from the revision
  std::string_view type;      // "RELEASE" or "DEBUG"
  std::string_view tls;       // "OpenSSL"
};

BuildVersion build_version();

// "<revision>/0.1.0/Clean/RELEASE/OpenSSL", the shape of Envoy's.
std::string version_text();

}  // namespace outrigger
