// The client session against arbitrary octets of an upstream, in arbitrary pieces, with requests
// under way and a handler that does arbitrary things in its callbacks. The first octets steer; the
// rest is the upstream's input.
#include <cstdint>
#include <string_view>

#include "test/fuzz/http2_fuzz_peer.h"

namespace outrigger::http2::fuzz {
namespace {

class Client final : public http::ConnectionEvents {
 public:
  explicit Client(Choices& choices)
      : choices_(choices),
        options_(any_options(choices)),
        codec_(transport_, *this, options_, stats_) {
    transport_.codec = &codec_;
  }

  void on_goaway() override {}

  void run(std::string_view input) {
    for (unsigned i = choices_.up_to(4); i > 0; --i) open();
    if (choices_.one_in(2)) feed_in_pieces(codec_, kSettings, choices_);
    feed_in_pieces(codec_, input, choices_, [this] { act(); });
    finish(codec_, streams_, stats_, choices_);
  }

 private:
  void open() {
    if (!codec_.can_open_stream()) return;
    FuzzHandler& stream = streams_.make(choices_);
    stream.use(codec_.open_stream(stream));
    stream.send_request();
  }
  void act() {
    if (choices_.one_in(4)) open();
    streams_.act_outside();
    connection_action(codec_, choices_);
  }

  Choices& choices_;
  http::Http2Options options_;
  http::Http2Stats stats_;
  FuzzTransport transport_;
  Streams streams_;
  Http2ClientCodec codec_;
};

}  // namespace
}  // namespace outrigger::http2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrigger::http2::fuzz;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Choices choices(input);
  Client(choices).run(input);
  return 0;
}
