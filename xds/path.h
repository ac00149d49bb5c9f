// Path: where in a message a walk stands, as a chain on the walk's stack. It costs nothing until a
// problem asks for its text:
// static_resources.clusters[0].typed_extension_protocol_options["x"].common_http_protocol_options
// Thread: any. Lifetime: the call; a step borrows its parent and its name.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::xds {

class Path {
 public:
  Path() = default;  // the root
  static Path field(const Path& parent, std::string_view name) {
    return Path(&parent, Step::field, name, 0);
  }
  static Path element(const Path& parent, int index) {
    return Path(&parent, Step::element, {}, index);
  }
  static Path key(const Path& parent, std::string_view key) {
    return Path(&parent, Step::key, key, 0);
  }

  std::string text() const;

 private:
  enum class Step : unsigned char {
    root,
    field,
    element,
    key
  };
  Path(const Path* parent, Step step, std::string_view name, int index)
      : parent_(parent), name_(name), index_(index), step_(step) {}

  const Path* parent_ = nullptr;
  std::string_view name_;
  int index_ = 0;
  Step step_ = Step::root;
};

}  // namespace outrigger::xds
