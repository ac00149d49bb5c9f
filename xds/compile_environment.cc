#include "xds/compile_environment.h"

#include "absl/strings/str_replace.h"

namespace outrigger::xds {

std::string stat_name(std::string_view name) {
  return absl::StrReplaceAll(absl::string_view(name.data(), name.size()),
                             {{"://", "_"}, {":/", "_"}, {":", "_"}});
}

}  // namespace outrigger::xds
