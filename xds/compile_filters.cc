#include "xds/compile_filters.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include "filters/registry.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::FilterConfig;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
using google::protobuf::Any;
using google::protobuf::Message;

std::string_view type_name(const Any& any) {
  std::string_view url = any.type_url();
  return url.substr(url.rfind('/') + 1);
}

// nullptr: not decodable.
std::unique_ptr<Message> unpack(const Any& any) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      std::string(type_name(any)));
  if (type == nullptr) return nullptr;
  std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  return message->ParseFromString(any.value()) ? std::move(message) : nullptr;
}

absl::Status unsupported(const char* what, std::string_view name, const Any& any) {
  FieldErrors errors;
  if (any.type_url().empty()) {
    errors.add("",
               fmt::format("{} '{}' has no typed_config, whose type names the filter", what, name));
  } else {
    errors.add("", fmt::format("{} '{}' of type '{}' is not supported by Outrigger", what, name,
                               any.type_url()));
  }
  return errors.status();
}

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile_filter(const HttpFilter& filter,
                                                                        CompileContext& context) {
  const auto* entry = filters::find_http_filter(type_name(filter.typed_config()));
  auto config = entry == nullptr ? nullptr : unpack(filter.typed_config());
  if (config == nullptr) return unsupported("HTTP filter", filter.name(), filter.typed_config());
  return entry->compile(*config, context);
}

// Envoy's rule: exactly the last filter ends the chain.
void check_order(const std::vector<config::HttpFilterEntry>& chain, FieldErrors& errors) {
  for (size_t i = 0; i < chain.size(); ++i) {
    bool terminal = chain[i].factory != nullptr && chain[i].factory->router_options() != nullptr;
    bool last = i + 1 == chain.size();
    if (chain[i].factory == nullptr || terminal == last) continue;
    errors.add(indexed("http_filters", static_cast<int>(i)),
               terminal ? fmt::format("terminal filter '{}' must be the last filter of the chain",
                                      chain[i].name)
                        : fmt::format("filter '{}' is the last of the chain, but it is not "
                                      "terminal: the router must be",
                                      chain[i].name));
  }
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_override(const Any& any,
                                                                          std::string_view name,
                                                                          CompileContext& context) {
  const auto* entry = filters::find_http_filter_of_route_config(type_name(any));
  auto config = entry == nullptr ? nullptr : unpack(any);
  if (config == nullptr) return unsupported("configuration of filter", name, any);
  return entry->compile_route(*config, context);
}

// Absent after errors, and for an optional filter that we do not have.
std::optional<config::PerFilterConfig::Entry> compile_entry(const std::string& name, const Any& any,
                                                            CompileContext& context,
                                                            FieldErrors& errors) {
  config::PerFilterConfig::Entry out;
  out.filter_name = name;
  FilterConfig wrapper;
  bool wrapped = is_type(any, FilterConfig::descriptor()->full_name()) && any.UnpackTo(&wrapper);
  out.disabled = wrapped && wrapper.disabled();
  if (wrapped && !wrapper.has_config()) {
    if (!out.disabled && !wrapper.is_optional()) {
      errors.add("", "FilterConfig has neither 'config' nor 'disabled'");
      return std::nullopt;
    }
    return out;
  }
  auto config = compile_override(wrapped ? wrapper.config() : any, name, context);
  if (config.ok()) {
    out.config = *std::move(config);
    return out;
  }
  bool known = filters::find_http_filter_of_route_config(
                   type_name(wrapped ? wrapper.config() : any)) != nullptr;
  if (!wrapped || !wrapper.is_optional() || known)
    errors.add_nested(wrapped ? "config" : "", config.status());
  return std::nullopt;
}

}  // namespace

absl::StatusOr<config::PerFilterConfig> compile_per_filter_config(
    const google::protobuf::Map<std::string, Any>& configs, CompileContext& context) {
  FieldErrors errors;
  config::PerFilterConfig out;
  for (const auto& [name, any] : configs) {
    FieldErrors inner;
    if (auto entry = compile_entry(name, any, context, inner))
      out.entries.push_back(*std::move(entry));
    errors.add_nested(fmt::format("[\"{}\"]", name), inner.status());
  }
  if (!errors.empty()) return errors.status();
  // Maps have no order of their own.
  std::sort(out.entries.begin(), out.entries.end(),
            [](const auto& a, const auto& b) { return a.filter_name < b.filter_name; });
  return out;
}

absl::StatusOr<std::vector<config::HttpFilterEntry>> compile_http_filters(
    const google::protobuf::RepeatedPtrField<HttpFilter>& filters, CompileContext& context) {
  FieldErrors errors;
  std::vector<config::HttpFilterEntry> out;
  for (int i = 0; i < filters.size(); ++i) {
    const HttpFilter& filter = filters.Get(i);
    auto factory = compile_filter(filter, context);
    bool known = filters::find_http_filter(type_name(filter.typed_config())) != nullptr;
    if (!factory.ok() && !known && filter.is_optional()) continue;
    if (!factory.ok())
      errors.add_nested(indexed("http_filters", i) + ".typed_config", factory.status());
    out.push_back({filter.name(), factory.ok() ? *std::move(factory) : nullptr, nullptr, filter.disabled()});
  }
  if (out.empty())
    errors.add("http_filters", "the chain has no filter: the router must be its last");
  check_order(out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
