#include "filters/listener/original_src/filter.h"

namespace outrigger::filters::original_src {

ListenerFilterVerdict OriginalSrc::look(ListenerFilterContext& context, Bytes /*data*/,
                                        bool /*end_stream*/, size_t& /*consumed*/) {
  const net::Address& client = context.info().remote;
  if (client.is_ip())
    context.use_source_address(settings_.bind_port ? client : client.with_port(0), settings_.mark);
  return ListenerFilterVerdict::next();
}

}  // namespace outrigger::filters::original_src
