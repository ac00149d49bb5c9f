// Verdict: what a filter says of the message it was shown. A filter never drives the chain itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/outcome.h"

namespace outrigger {

namespace http {
class HeaderMap;
}

// A response made here, not by the upstream. Text is static, configuration's, or the stream's
// arena's.
struct LocalReply {
  int code = 500;
  std::string_view body;
  Outcome outcome;
  int grpc_status = -1;     // -1: derived from the code
  bool overloaded = false;  // says x-envoy-overloaded: a circuit breaker shed the request
  // Goes out as it is: neither local_reply_config nor gRPC changes its shape.
  bool as_is = false;
  // Fields of the reply besides its own; they take the place of those of the same name.
  const http::HeaderMap* headers = nullptr;
};

class Verdict {
 public:
  enum class Kind : uint8_t {
    next,     // go on with the next filter
    wait,     // stop here; the chain keeps what follows (within the buffer limit) until
              // FilterContext::resume
    hold,     // headers: stop, but show me the body; body: keep it and show me more; continues with
              // the first `next`
    reply,    // answer with a local reply; no later filter sees the request
    forward,  // the router's: the request goes to the route's upstream
  };

  static Verdict next() { return Verdict(Kind::next); }
  static Verdict wait() { return Verdict(Kind::wait); }
  static Verdict hold() { return Verdict(Kind::hold); }
  static Verdict forward() { return Verdict(Kind::forward); }
  static Verdict reply(const LocalReply& reply) {
    Verdict verdict(Kind::reply);
    verdict.reply_ = reply;
    return verdict;
  }

  Kind kind() const { return kind_; }
  const LocalReply& local_reply() const { return reply_; }

 private:
  explicit Verdict(Kind kind) : kind_(kind) {}
  Kind kind_;
  LocalReply reply_;
};

}  // namespace outrigger
