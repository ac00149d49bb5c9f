// Which of a chain's compressors a client's Accept-Encoding chooses. Thread: any; pure. RFC 9110,
// 12.5.3, as Envoy reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace outrigger::filters::compressor {

enum class Choice : uint8_t {
  compressor,  // named by the client
  wildcard,    // the first of the chain, for "*"
  identity,
  not_valid  // nothing that the client takes is there
};

struct Decision {
  std::string_view encoding;  // of `available`; empty: none
  Choice choice = Choice::not_valid;
};

// `available`: encodings in the order of the chain. `first`: the one of them that is taken where
// the client likes several as much; empty: the one that it names first.
Decision choose_encoding(std::string_view accepted, std::span<const std::string_view> available,
                         std::string_view first = {});

}  // namespace outrigger::filters::compressor
