#include "proxy/net/listener_log.h"

namespace outrigger::net {

void ListenerLog::log(const StreamInfo& connection) {
  if (sink_.empty()) return;
  observe::LogContext context{connection};
  context.runtime = runtime_.get();
  sink_.log(context);
}

void ListenerLog::log_end(const DownstreamConnectionInfo& info, const Outcome& outcome,
                          uint64_t received, uint64_t sent) {
  if (sink_.empty()) return;
  StreamInfo stream;
  stream.connection = &info;
  stream.start = info.start;
  stream.start_time = info.start_time;
  stream.end = loop_.now();
  stream.downstream_remote = info.remote;
  stream.request_body_bytes = stream.downstream_wire.received = received;
  stream.response_body_bytes = stream.downstream_wire.sent = sent;
  stream.set_outcome(outcome);
  if (info.extras != nullptr) {
    stream.connection_termination_details = info.extras->connection_termination_details;
    stream.flags.merge(info.extras->flags);
  }
  log(stream);
}

}  // namespace outrigger::net
