#include "filters/network/direct_response/filter.h"

namespace outrigger::filters::direct_response {

NetworkVerdict DirectResponseFilter::on_new_connection(NetworkFilterContext& context) {
  if (!response_->empty()) context.write(*response_);
  context.close(true, {});
  return NetworkVerdict::stop;
}

}  // namespace outrigger::filters::direct_response
