// The octets of a file, up to a limit: a wrong path (a device, say) must not eat the memory.
// Thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace outrigger::xds {

// nullopt: it cannot be read, or is larger.
std::optional<std::string> read_file(const std::string& path, size_t max_bytes);

}  // namespace outrigger::xds
