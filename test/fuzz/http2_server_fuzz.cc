// The server session against arbitrary octets, in arbitrary pieces, with a handler that does
// arbitrary things in its callbacks. The first octets steer (seed of the pieces and of the
// handler's choices); the rest is the client's input, with or without preface.
#include <cstdint>
#include <string_view>

#include "test/fuzz/http2_fuzz_peer.h"

namespace outrigger::http2::fuzz {
namespace {

class Server final : public http::ServerEvents {
 public:
  explicit Server(Choices& choices)
      : choices_(choices),
        options_(any_options(choices)),
        codec_(transport_, *this, options_, stats_) {
    transport_.codec = &codec_;
  }

  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    return streams_.make(encoder, choices_, true);
  }
  void on_goaway() override {}

  void run(std::string_view input) {
    if (choices_.one_in(2)) feed_in_pieces(codec_, kPreface, choices_);
    feed_in_pieces(codec_, input, choices_, [this] { act(); });
    finish(codec_, streams_, stats_, choices_);
  }

 private:
  void act() {
    streams_.act_outside();
    connection_action(codec_, choices_);
  }

  Choices& choices_;
  http::Http2Options options_;
  http::Http2Stats stats_;
  FuzzTransport transport_;
  Streams streams_;
  Http2ServerCodec codec_;
};

}  // namespace
}  // namespace outrigger::http2::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrigger::http2::fuzz;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Choices choices(input);
  Server(choices).run(input);
  return 0;
}
