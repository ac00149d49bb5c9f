// Heads of messages for the tests of this folder.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "api/http/header_map.h"

namespace outrigger::stream::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// An arena with one head in it.
class Head {
 public:
  explicit Head(std::initializer_list<Fields::value_type> fields) : Head(Fields(fields)) {}
  explicit Head(const Fields& fields) : arena_(pool_), map_(arena_) {
    for (const auto& [name, value] : fields) map_.add_copy(name, value);
  }
  http::HeaderMap& operator*() { return map_; }
  http::HeaderMap* operator->() { return &map_; }

 private:
  ChunkPool pool_;
  Arena arena_;
  http::HeaderMap map_;
};

inline Fields fields_of(const http::HeaderMap& map) {
  Fields fields;
  for (const http::HeaderField& field : map.fields()) fields.emplace_back(field.name, field.value);
  return fields;
}

}  // namespace outrigger::stream::test
