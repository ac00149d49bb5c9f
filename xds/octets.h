// What messages are compared by: octets that are equal where the messages are, and a digest of
// octets for those that need not be kept. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace outrigger::xds {

std::string octets_of(const google::protobuf::Message& message);

using Digest = std::array<uint64_t, 2>;
Digest digest_of(std::string_view octets);

}  // namespace outrigger::xds
