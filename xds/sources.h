// Sources: the documents that a configuration was merged from, kept to say in which line a path is.
// Thread: any. Lifetime: one load.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xds/document.h"

namespace outrigger::xds {

class Sources {
 public:
  // In the order of merging: lists of a later document follow those of the earlier ones, its other
  // values replace them.
  void add(std::unique_ptr<Document> document) { documents_.push_back(std::move(document)); }
  const std::vector<std::unique_ptr<Document>>& documents() const { return documents_; }

  // "line 12", or "line 3 of --config-yaml" when there are several documents; of the deepest part
  // of the path that is written somewhere. Empty: no part of it is.
  std::string locate(std::string_view path) const;
  // "path: message, line 12"
  std::string describe(std::string_view path, std::string_view message) const;
  std::string line_text(const Document& document, const Node& node) const;

 private:
  std::vector<std::unique_ptr<Document>> documents_;
};

}  // namespace outrigger::xds
