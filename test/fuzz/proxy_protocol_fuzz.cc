// A PROXY protocol header as a peer could send it: no octet string may crash or hang; what is
// taken for a header is within what arrived, has addresses of hosts and of one family, and stays
// the same whatever comes behind it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filters/listener/proxy_protocol/header.h"
#include "filters/listener/proxy_protocol/tlv_text.h"

namespace {

using namespace outrigger::filters::proxy_protocol;

void check(bool holds) {
  if (!holds) std::abort();
}

HeaderState read(std::string_view data, Header& header) {
  switch (detect(data)) {
    case Version::v1:
      return read_v1(data, header);
    case Version::v2:
      return read_v2(data, header);
    case Version::undecided:
      return HeaderState::need_more;
    case Version::none:
      break;
  }
  return HeaderState::wrong;
}

void check_complete(const Header& header, size_t size) {
  check(header.size <= size);
  if (!header.local) {
    check(header.source.is_ip() && header.source.family() == header.destination.family());
    check(!header.source.text().empty());
  }
  for (const Tlv& tlv : header.tlvs) {
    std::string text = utf8_text(tlv.value);
    check(utf8_text(text) == text);
    json_text({{"key", text}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLargest = 4 * 1024;
  if (size > kLargest) return 0;
  std::string_view all(reinterpret_cast<const char*>(data), size);
  HeaderState before = HeaderState::need_more;
  size_t header_size = 0;
  for (size_t n = 0; n <= size; n += n < 256 || n + 97 > size ? 1 : 97) {
    std::string exact(all.substr(0, n));
    Header header;
    HeaderState now = read(exact, header);
    check(before == HeaderState::need_more || now == before);
    if (now == HeaderState::complete) {
      check_complete(header, n);
      check(before != HeaderState::complete || header.size == header_size);
      header_size = header.size;
    }
    before = now;
  }
  return 0;
}
