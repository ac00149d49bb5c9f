// What OpenSSL's error queue says, as text. Thread: any; the queue is the thread's.
#pragma once

#include <string>
#include <vector>

namespace outrigger::tls {

// One of the queue's entries.
struct QueuedError {
  unsigned long code = 0;
  int library = 0;
  int reason = 0;
};

// Empties the queue, oldest first.
std::vector<QueuedError> take_errors();
// "167772294:SSL routines:certificate verify failed"
std::string describe(const QueuedError& error);
// All entries of the queue, for messages about configuration: "bad end line; no start line".
// Empties it.
std::string take_reasons();

}  // namespace outrigger::tls
