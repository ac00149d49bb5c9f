// FieldErrors: collects what is wrong with a message, one line per problem, each opening with the
// field's path. Thread: any. Lifetime: one compilation.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace outrigger::xds {

class FieldErrors {
 public:
  // "field: problem". An empty field means the message itself.
  void add(std::string_view field, std::string_view problem);
  // A problem of a leaf value: "field: <message>".
  void add(std::string_view field, const absl::Status& status);
  // Every line of `status` opens with a path inside `field`: "field.<line>".
  void add_nested(std::string_view field, const absl::Status& status);

  // The value, or its default after its problem was noted.
  template <class T>
  T take(std::string_view field, absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    add(field, value.status());
    return T();
  }
  template <class T>
  T take_nested(std::string_view field, absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    add_nested(field, value.status());
    return T();
  }

  bool empty() const { return text_.empty(); }
  // OK, or InvalidArgument with all lines.
  absl::Status status() const;

 private:
  void line(std::string_view text);

  std::string text_;
};

// "routes[3]"
std::string indexed(std::string_view field, int index);

}  // namespace outrigger::xds
