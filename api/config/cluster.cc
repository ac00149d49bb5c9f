#include "api/config/cluster.h"

namespace outrigger::config {

net::Address UpstreamBind::source_for(const net::Address& target) const {
  if (!target.is_ip()) return {};
  if (!source.valid() || source.family() == target.family()) return source;
  for (const net::Address& extra : extra_sources) {
    if (extra.family() == target.family()) return extra;
  }
  return source;
}

}  // namespace outrigger::config
