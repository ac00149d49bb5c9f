// The first octets of a connection, as tls_inspector and http_inspector see them: whole and in
// every piece that a network may make of them. No octet string may crash or hang, and a decision
// must not change when more arrives behind it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filters/listener/http_inspector/request_line.h"
#include "filters/listener/tls_inspector/client_hello.h"
#include "filters/listener/tls_inspector/fingerprint.h"

namespace {

using namespace outrigger::filters;
using http_inspector::Sniffed;
using tls_inspector::HelloState;

void check(bool holds) {
  if (!holds) std::abort();
}

HelloState read_hello(std::string_view data) {
  std::string exact(data), joined;
  auto result = tls_inspector::read_client_hello(exact, joined);
  if (result.state != HelloState::complete) return result.state;
  check(result.size <= data.size());
  check(result.hello.server_name().size() <= 255);
  for (std::string_view protocol : result.hello.application_protocols()) check(!protocol.empty());
  check(tls_inspector::ja3(result.hello).size() == 32);
  check(tls_inspector::ja4(result.hello).size() == 36);
  return result.state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLargest = 4 * 1024;
  if (size > kLargest) return 0;
  std::string_view all(reinterpret_cast<const char*>(data), size);
  HelloState hello = HelloState::need_more;
  Sniffed sniffed = Sniffed::need_more;
  // Every length at the front, then in larger steps.
  for (size_t n = 0; n <= size; n += n < 64 || n + 97 > size ? 1 : 97) {
    HelloState now = read_hello(all.substr(0, n));
    check(hello == HelloState::need_more || now == hello);
    hello = now;
    Sniffed http = http_inspector::sniff(all.substr(0, n));
    check(sniffed == Sniffed::need_more || http == sniffed);
    sniffed = http;
  }
  return 0;
}
