#include "xds/compile_filters.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "fmt/format.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include "filters/registry.h"
#include "xds/compile_values.h"
#include "xds/dynamic_sources.h"
#include "xds/field_errors.h"
#include "xds/fields.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::FilterConfig;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
using google::protobuf::Any;

constexpr std::string_view kUpstreamCodec =
    "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec";

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

absl::Status undecodable(const absl::Status& status) {
  FieldErrors errors;
  errors.add("", status);
  return errors.status();
}

// In the place of a filter that does nothing, where there has to be one.
class PassThroughFactory final : public HttpFilterFactory {
 public:
  ArenaPtr<outrigger::HttpFilter> create(Arena& arena) const override {
    return make_in_arena<outrigger::HttpFilter>(arena);
  }
};

// Envoy's rule: exactly the last filter ends the chain.
void check_order(const std::vector<config::HttpFilterEntry>& chain, FieldErrors& errors) {
  for (size_t i = 0; i < chain.size(); ++i) {
    bool terminal = chain[i].factory != nullptr && chain[i].factory->router_options() != nullptr;
    bool last = i + 1 == chain.size();
    bool known = chain[i].factory != nullptr || chain[i].discovered != nullptr;
    if (!known || terminal == last) continue;
    errors.add(indexed("http_filters", static_cast<int>(i)),
               terminal ? fmt::format("terminal filter '{}' must be the last filter of the chain",
                                      chain[i].name)
                        : fmt::format("filter '{}' is the last of the chain, but it is not "
                                      "terminal: the router must be",
                                      chain[i].name));
  }
}

config::HttpFilterEntry compile_discovered(const HttpFilter& filter, CompileContext& context,
                                           CompileEnvironment& environment, FieldErrors& errors) {
  config::HttpFilterEntry out{filter.name(), nullptr, nullptr, filter.disabled()};
  if (environment.dynamic == nullptr) {
    errors.add("config_discovery", "filters cannot be discovered here");
    return out;
  }
  auto slot = environment.dynamic->http_filter(filter.name(), filter.config_discovery(),
                                               context.stat_prefix(), environment);
  if (slot.ok()) {
    out.discovered = *std::move(slot);
  } else {
    errors.add_nested("config_discovery", slot.status());
  }
  return out;
}

// Absent: it does nothing, or it is an optional filter that we do not have. After errors it has no
// factory.
std::optional<config::HttpFilterEntry> compile_filter(const HttpFilter& filter,
                                                      CompileContext& context,
                                                      CompileEnvironment& environment,
                                                      FieldErrors& errors) {
  if (filter.has_config_discovery())
    return compile_discovered(filter, context, environment, errors);
  std::string type = packed_type(filter.typed_config());
  if (type == kUpstreamCodec) {
    errors.add("typed_config", "only chains of upstream filters end in the upstream codec");
    return config::HttpFilterEntry{filter.name(), nullptr, nullptr, false};
  }
  if (find_no_effect(type) != nullptr) return std::nullopt;
  if (filters::find_http_filter(type) == nullptr && filter.is_optional()) return std::nullopt;
  return config::HttpFilterEntry{
      filter.name(),
      errors.take_nested("typed_config",
                         compile_http_filter(filter.name(), filter.typed_config(), context)),
      nullptr, filter.disabled()};
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_override(const Any& any,
                                                                          std::string_view name,
                                                                          CompileContext& context) {
  const auto* entry = filters::find_http_filter_of_route_config(packed_type(any));
  if (entry == nullptr) return unsupported("configuration of filter", name, any);
  auto config = unpack_any(any);
  if (!config.ok()) return undecodable(config.status());
  return entry->compile_route(**config, context);
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
                   packed_type(wrapped ? wrapper.config() : any)) != nullptr;
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

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile_http_filter(
    const std::string& name, const Any& typed_config, CompileContext& context) {
  std::string type = packed_type(typed_config);
  if (find_no_effect(type) != nullptr) return std::make_shared<PassThroughFactory>();
  const auto* entry = filters::find_http_filter(type);
  if (entry == nullptr) return unsupported("HTTP filter", name, typed_config);
  auto config = unpack_any(typed_config);
  if (!config.ok()) return undecodable(config.status());
  return entry->compile(**config, context);
}

absl::StatusOr<std::vector<config::HttpFilterEntry>> compile_http_filters(
    const google::protobuf::RepeatedPtrField<HttpFilter>& filters, CompileContext& context,
    CompileEnvironment& environment) {
  FieldErrors errors;
  std::vector<config::HttpFilterEntry> out;
  for (int i = 0; i < filters.size(); ++i) {
    FieldErrors inner;
    auto entry = compile_filter(filters.Get(i), context, environment, inner);
    errors.add_nested(indexed("http_filters", i), inner.status());
    if (entry) out.push_back(*std::move(entry));
  }
  if (out.empty())
    errors.add("http_filters", "the chain has no filter: the router must be its last");
  check_order(out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
