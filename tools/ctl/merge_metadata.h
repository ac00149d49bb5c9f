// Dynamic metadata as the set_metadata filter sets it. Thread: any.
// Semantics: envoy.extensions.filters.http.set_metadata.v3.Metadata
#pragma once

#include <string_view>

#include "api/metadata.h"

namespace outrigger::ctl {

// A name that is there stays as it is unless `overwrite`: then structs are merged, lists are
// appended, other values replaced.
void set_metadata(std::string_view name, const MetadataStruct& value, bool overwrite,
                  Metadata& into);

}  // namespace outrigger::ctl
