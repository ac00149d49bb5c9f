#include "filters/network/echo/filter.h"

namespace outrigger::filters::echo {

NetworkVerdict EchoFilter::on_data(NetworkFilterContext& context, Bytes& data, bool end_stream) {
  if (!data.empty()) context.write(data);
  data = {};
  if (end_stream) context.close(true, {});
  return NetworkVerdict::next;
}

}  // namespace outrigger::filters::echo
