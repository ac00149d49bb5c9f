#include "xds/path.h"

#include "fmt/format.h"

namespace outrigger::xds {

std::string Path::text() const {
  if (parent_ == nullptr) return "";
  std::string text = parent_->text();
  switch (step_) {
    case Step::root:
      break;
    case Step::field:
      if (!text.empty()) text += '.';
      text += name_;
      break;
    case Step::element:
      text += fmt::format("[{}]", index_);
      break;
    case Step::key:
      text += fmt::format("[\"{}\"]", name_);
      break;
  }
  return text;
}

}  // namespace outrigger::xds
