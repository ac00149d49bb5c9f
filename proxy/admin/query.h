// Params: the parameters of a request, from its query and from a form body. Thread: any; a value
// type.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::admin {

// "%41" -> "A"; a percent sign without two hexadecimal digits stays as it is. `plus_is_space`: in
// form bodies.
std::string percent_decode(std::string_view text, bool plus_is_space);

class Params {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;

  // "a=1&b": in order of appearance, decoded; a parameter without '=' has an empty value.
  void add(std::string_view encoded, bool plus_is_space);
  void add_decoded(std::string name, std::string value) {
    list_.emplace_back(std::move(name), std::move(value));
  }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  // The first value of that name; nullptr: not given.
  const std::string* find(std::string_view name) const;
  std::optional<std::string> get(std::string_view name) const;
  bool empty() const { return list_.empty(); }
  const List& list() const { return list_; }

 private:
  List list_;
};

}  // namespace outrigger::admin
