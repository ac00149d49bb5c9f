// /runtime and /runtime_modify.
#include <set>

#include "fmt/format.h"
#include "google/protobuf/struct.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kModifyUsage =
    "usage: /runtime_modify?key1=value1&key2=value2&keyN=valueN\n"
    "       or send the parameters as form values\n"
    "use an empty value to remove a previously added override";

// The key's value in each layer, and the one in force (that of the last layer that has one).
google::protobuf::Struct entry(const std::vector<RuntimeStore::Layer>& layers,
                               const std::string& key) {
  google::protobuf::Struct entry;
  auto& in_layers = *(*entry.mutable_fields())["layer_values"].mutable_list_value();
  std::string in_force;
  for (const RuntimeStore::Layer& layer : layers) {
    auto found = layer.values.find(key);
    std::string value = found == layer.values.end() ? "" : found->second;
    in_layers.add_values()->set_string_value(value);
    if (!value.empty()) in_force = value;
  }
  (*entry.mutable_fields())["final_value"].set_string_value(in_force);
  return entry;
}

}  // namespace

Response runtime_page(const Request&, ServerView& view) {
  const auto& layers = view.runtime().layers();
  std::set<std::string> keys;
  google::protobuf::Struct page;
  auto& names = *(*page.mutable_fields())["layers"].mutable_list_value();
  auto& entries = *(*page.mutable_fields())["entries"].mutable_struct_value();
  for (const RuntimeStore::Layer& layer : layers) {
    names.add_values()->set_string_value(layer.name);
    for (const auto& [key, value] : layer.values) keys.insert(key);
  }
  for (const std::string& key : keys) {
    *(*entries.mutable_fields())[key].mutable_struct_value() = entry(layers, key);
  }
  return Response::json(to_json(page));
}

Response runtime_modify_page(const Request& request, ServerView& view) {
  if (request.params.empty()) return Response::text(400, std::string(kModifyUsage));
  absl::Status status = view.runtime().modify(request.params.list());
  if (!status.ok())
    return Response::text(503, std::string(status.message().data(), status.message().size()));
  return Response::ok();
}

}  // namespace outrigger::admin
