#include "xds/read_file.h"

#include <fstream>

namespace outrigger::xds {

std::optional<std::string> read_file(const std::string& path, size_t max_bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  char block[64 * 1024];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<size_t>(file.gcount()));
    if (text.size() > max_bytes) return std::nullopt;
  }
  if (file.bad()) return std::nullopt;
  return text;
}

}  // namespace outrigger::xds
