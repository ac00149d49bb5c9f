// Where the processes of one proxy meet: a Unix socket for each epoch, and who may come there.
// Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "api/net/address.h"

namespace outrigger::hot_restart {

// --socket-path and --base-id.
struct MeetingPlace {
  std::string socket_path;  // begins with '@': abstract
  uint32_t socket_mode = 0;
  uint32_t base_id = 0;
};

// "@envoy_domain_socket_<base id>_<epoch>"
absl::StatusOr<net::Address> address_of(const MeetingPlace& place, uint32_t epoch);

// AlreadyExists: another process is there.
absl::StatusOr<int> listen_at(const MeetingPlace& place, uint32_t epoch);
// NotFound: nobody is there.
absl::StatusOr<int> connect_to(const MeetingPlace& place, uint32_t epoch);

// Is the process at the other end the same user's? Everything is handed to it.
bool same_user(int fd);

// Sends octets and, if `passed` is not negative, a copy of this descriptor; waits for room if there
// is none. False: the other end is gone, or takes nothing.
bool send_now(int fd, std::string_view octets, int passed = -1);

}  // namespace outrigger::hot_restart
