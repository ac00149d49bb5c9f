#include "api/filter/filter_stats.h"

namespace outrigger {

FilterStatNames filter_stat_names(CompileContext& context, std::string_view part) {
  constexpr std::string_view kHttp = "http.";
  const std::string& manager = context.stat_prefix();
  FilterStatNames names;
  names.prefix = manager + std::string(part);
  names.extracted = names.prefix;
  if (manager.size() > kHttp.size() + 1 && manager.starts_with(kHttp) && manager.ends_with('.')) {
    names.extracted = std::string(kHttp) + std::string(part);
    names.tags.push_back({"envoy.http_conn_manager_prefix",
                          manager.substr(kHttp.size(), manager.size() - kHttp.size() - 1)});
  }
  return names;
}

}  // namespace outrigger
