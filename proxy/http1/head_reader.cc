#include "proxy/http1/head_reader.h"

#include <cstring>

#include "proxy/http1/chars.h"

namespace outrigger::http1 {

HeadReader::Result HeadReader::read(Bytes bytes, Arena& arena, size_t max_bytes) {
  HeadScanner::Result scanned = scanner_.scan(bytes);
  if (scanned.state == HeadScanner::State::bad) return {State::bad, scanned.size};
  if (pending_.size() + scanned.size > max_bytes) return {State::too_large, scanned.size};
  if (scanned.state == HeadScanner::State::complete) {
    return complete(bytes.substr(0, scanned.size), arena);
  }
  pending_.append(bytes);
  return {State::incomplete, bytes.size()};
}

HeadReader::Result HeadReader::complete(Bytes last_part, Arena& arena) {
  size_t size = pending_.size() + last_part.size();
  char* head = arena.allocate_chars(size + kScanSlack);
  if (!pending_.empty()) std::memcpy(head, pending_.data(), pending_.size());
  std::memcpy(head + pending_.size(), last_part.data(), last_part.size());
  std::memset(head + size, 0, kScanSlack);
  reset();
  return {State::complete, last_part.size(), head, size};
}

void HeadReader::reset() {
  scanner_.reset();
  if (!pending_.empty()) pending_ = std::string();
}

}  // namespace outrigger::http1
