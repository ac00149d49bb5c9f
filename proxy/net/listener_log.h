// ListenerLog: a listener's own access log on ONE worker: one line per connection, when it ends.
// Every end of a chain writes it for its connections, the listener for those that get to none.
// Thread: that worker. Lifetime: at most the worker's.
#pragma once

#include "api/config/listener.h"
#include "api/config/runtime_snapshot.h"
#include "api/outcome.h"
#include "api/stream_info.h"
#include "proxy/observe/access_log_sink.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

class ListenerLog {
 public:
  ListenerLog(const config::Listener& config, unsigned worker, runtime::Loop& loop,
              const config::RuntimeSnapshotPtr& runtime, observe::LogWriter& logs)
      : loop_(loop), runtime_(runtime), sink_(worker, config.access_logs, logs) {}

  bool empty() const { return sink_.empty(); }
  // What somebody else has found out about the whole connection.
  void log(const StreamInfo& connection);
  // A connection of which nothing but this is known.
  void log_end(const DownstreamConnectionInfo& info, const Outcome& outcome, uint64_t received = 0,
               uint64_t sent = 0);

 private:
  runtime::Loop& loop_;
  const config::RuntimeSnapshotPtr& runtime_;
  observe::AccessLogSink sink_;
};

}  // namespace outrigger::net
