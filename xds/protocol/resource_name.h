// ResourceName: a name or locator of the form xdstp://authority/type/id?context, taken apart and
// written again in its canonical form: equal names are written equally, however they were spelled.
// Thread: any. Semantics: https://github.com/cncf/xds (xds.core.v3.ResourceName, ResourceLocator)
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/core/v3/base.pb.h"

namespace outrigger::xds {

using ContextParams = std::map<std::string, std::string>;

struct ResourceName {
  std::string authority;
  std::string type;  // full name of the resource's message
  std::string id;    // with slashes; of a collection it ends with "*"
  ContextParams context;

  bool is_collection() const { return id == "*" || id.ends_with("/*"); }
  // Context parameters in the order of their text.
  std::string text() const;
};

bool is_xdstp(std::string_view name);
// An error says what is wrong with the name. Directives (#...) are refused: they would change which
// resource is meant.
absl::StatusOr<ResourceName> parse_resource_name(std::string_view text);
// The canonical form of an xdstp:// name; any other name, and one that is no such name, as it is.
std::string canonical_name(std::string name);

// Of lds_resources_locator and its like: an xdstp:// name of resources of this type.
absl::StatusOr<ResourceName> parse_locator(std::string_view text, std::string_view type_url);

// bootstrap.node_context_params: "xds.node.id" and so on. An error names the element that is not
// known.
absl::StatusOr<ContextParams> node_context(
    const envoy::config::core::v3::Node& node,
    const google::protobuf::RepeatedPtrField<std::string>& names);

}  // namespace outrigger::xds
