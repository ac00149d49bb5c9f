// A server codec with everything around it.
#pragma once

#include <string>
#include <utility>

#include "proxy/http1/server_codec.h"
#include "test/unit/http1/fakes.h"

namespace outrigger::http1::test {

struct Server {
  explicit Server(http::Http1Options with = {}) : options(std::move(with)) {}
  // Answers every request with 200 "ok" at its end, and what is refused with the status it
  // deserves.
  static http::Http1Options with_http10() {
    http::Http1Options options;
    options.accept_http_10 = true;
    return options;
  }
  Server& answering() {
    events.answer_all("ok");
    return *this;
  }

  void feed(std::string_view bytes = {}) { connection.feed(bytes); }
  std::string story() const { return events.story(); }
  std::string output() { return transport.take(); }
  FakeStream& stream() { return events.last(); }
  // Sends through the last stream.
  void send(std::initializer_list<std::pair<std::string_view, std::string_view>> fields, bool end) {
    stream().encoder->send_headers(stream().headers(fields), end);
  }
  void send_body(std::string_view bytes, bool end) { stream().encoder->send_body(bytes, end); }

  http::Http1Options options;
  http::Http1Stats stats;
  FakeTransport transport;
  FakeServer events;
  Http1ServerCodec codec{transport, events, options, stats};
  FakeConnection connection{codec, transport};
};

}  // namespace outrigger::http1::test
