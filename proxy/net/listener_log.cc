#include "proxy/net/listener_log.h"

namespace outrigger::net {

void ListenerLog::log_end(const DownstreamConnectionInfo& info, const Outcome& outcome) {
  if (sink_.empty()) return;
  StreamInfo stream;
  stream.connection = &info;
  stream.start = info.start;
  stream.start_time = info.start_time;
  stream.end = services_.loop.now();
  stream.downstream_remote = info.remote;
  if (info.extras != nullptr)
    stream.connection_termination_details = info.extras->connection_termination_details;
  stream.set_outcome(outcome);
  sink_.log({.info = stream});
}

}  // namespace outrigger::net
