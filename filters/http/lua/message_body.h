// MessageBody: the body, or the piece of it, that a script looks at, and what it put in its place.
// Thread: the stream's worker. Lifetime: its Run's; the octets that it was shown last for the
// chain's callback only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace outrigger::filters::lua {

class MessageBody {
 public:
  // What the chain holds, and what came behind it.
  void show(std::string_view held, std::string_view piece) {
    held_ = held;
    piece_ = piece;
  }
  void hide() { held_ = piece_ = {}; }
  size_t size() const { return changed_ ? own_.size() : held_.size() + piece_.size(); }
  // `from` and `size` are within size(). Where the octets are in two places, `joined` gets them.
  std::string_view octets(size_t from, size_t size, std::string& joined) const {
    if (changed_) return std::string_view(own_).substr(from, size);
    if (from >= held_.size()) return piece_.substr(from - held_.size(), size);
    if (from + size <= held_.size()) return held_.substr(from, size);
    joined = held_.substr(from);
    joined += piece_.substr(0, size - joined.size());
    return joined;
  }
  void replace(std::string_view octets) {
    own_ = octets;
    changed_ = true;
  }
  // The octets of replace() are to go on, and stay where they are until the next replace().
  bool changed() const { return changed_; }
  std::string_view take_replacement() {
    changed_ = false;
    return own_;
  }

 private:
  std::string_view held_, piece_;
  std::string own_;
  bool changed_ = false;
};

}  // namespace outrigger::filters::lua
