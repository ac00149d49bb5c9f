#include "api/config/route.h"

namespace outrigger::config::retry_on {
namespace {

struct Word {
  std::string_view text;
  Bit bit;
};

constexpr Word kHttpWords[] = {
    {"5xx", server_error},
    {"gateway-error", gateway_error},
    {"reset", reset},
    {"reset-before-request", reset_before_request},
    {"connect-failure", connect_failure},
    {"refused-stream", refused_stream},
    {"retriable-4xx", retriable_4xx},
    {"retriable-status-codes", retriable_status_codes},
    {"retriable-headers", retriable_headers},
    {"envoy-ratelimited", envoy_ratelimited},
    {"http3-post-connect-failure", http3_post_connect_failure},
};

constexpr Word kGrpcWords[] = {
    {"cancelled", grpc_cancelled},     {"deadline-exceeded", grpc_deadline_exceeded},
    {"internal", grpc_internal},       {"resource-exhausted", grpc_resource_exhausted},
    {"unavailable", grpc_unavailable},
};

template <size_t N>
uint32_t bit_of(const Word (&words)[N], std::string_view text) {
  for (const Word& word : words) {
    if (word.text == text) return word.bit;
  }
  return 0;
}

template <class BitOf>
uint32_t parse_list(std::string_view list, std::vector<std::string>* unknown, BitOf bit_of_word) {
  uint32_t bits = 0;
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    uint32_t bit = bit_of_word(word);
    if (bit == 0 && unknown != nullptr && !word.empty()) unknown->emplace_back(word);
    bits |= bit;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return bits;
}

}  // namespace

uint32_t parse(std::string_view list, std::vector<std::string>* unknown) {
  // A policy's retry_on may name gRPC conditions too.
  return parse_list(list, unknown, [](std::string_view word) {
    uint32_t bit = bit_of(kHttpWords, word);
    return bit != 0 ? bit : bit_of(kGrpcWords, word);
  });
}

uint32_t parse_grpc(std::string_view list, std::vector<std::string>* unknown) {
  return parse_list(list, unknown, [](std::string_view word) { return bit_of(kGrpcWords, word); });
}

}  // namespace outrigger::config::retry_on
