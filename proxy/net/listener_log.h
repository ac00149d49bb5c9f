// ListenerLog: a listener's own access log on ONE worker: one line per connection. Thread: that
// worker. Lifetime: the listener's.
#pragma once

#include "api/config/listener.h"
#include "api/outcome.h"
#include "api/stream_info.h"
#include "proxy/net/connection_services.h"
#include "proxy/observe/access_log_sink.h"

namespace outrigger::net {

class ListenerLog {
 public:
  ListenerLog(const config::Listener& config, ConnectionServices& services,
              observe::LogWriter& logs)
      : services_(services), sink_(services.worker, config.access_logs, logs) {}

  bool empty() const { return sink_.empty(); }
  // Of a connection that ended before it had a chain.
  void log_end(const DownstreamConnectionInfo& info, const Outcome& outcome);

 private:
  ConnectionServices& services_;
  observe::AccessLogSink sink_;
};

}  // namespace outrigger::net
