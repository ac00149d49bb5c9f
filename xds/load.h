// Turns a document into a message by the JSON mapping of protobuf, as Envoy reads it: both
// spellings of a field's name, enums by name (in any case) or number, google.protobuf.Any by
// "@type" (packed, its own fields checked), TypedStruct unwrapped into the type that it names.
// Thread: any. Lifetime: one load. Problems are collected; what could be understood is in the
// message.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"

#include "xds/document.h"
#include "xds/problems.h"
#include "xds/schema.h"
#include "xds/sources.h"

namespace outrigger::xds {

struct LoadOptions {
  bool allow_unknown_fields = false;  // each is a warning, not a problem
};

class LoadReport {
 public:
  LoadReport(const Sources& sources, const Document& document, const LoadOptions& options,
             Problems& problems, std::vector<std::string>& warnings)
      : sources_(sources),
        document_(document),
        options_(options),
        problems_(problems),
        warnings_(warnings) {}

  void problem(std::string_view path, std::string_view message, const Node& node);
  void unknown_field(std::string_view path, const Node& node);
  size_t unknown_fields() const { return unknown_fields_; }

 private:
  std::string describe(std::string_view path, std::string_view message, const Node& node) const;

  const Sources& sources_;
  const Document& document_;
  LoadOptions options_;  // a copy: callers write it where they call
  Problems& problems_;
  std::vector<std::string>& warnings_;
  size_t unknown_fields_ = 0;
};

// `document` is one of `sources` (or will be): lines are of it.
void load_message(const Document& document, Schema& schema, LoadReport& report,
                  google::protobuf::Message& into);

}  // namespace outrigger::xds
