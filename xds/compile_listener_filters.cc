#include "xds/compile_listener_filters.h"

#include <memory>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "filters/registry_listener.h"
#include "xds/field_errors.h"
#include "xds/filter_compile_context.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using config::ConnectionPredicate;
using envoy::config::listener::v3::Listener;
using envoy::config::listener::v3::ListenerFilter;
using google::protobuf::Message;
using Predicate = envoy::config::listener::v3::ListenerFilterChainMatchPredicate;

std::unique_ptr<Message> make_message(std::string_view type_name) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      std::string(type_name));
  if (type == nullptr) return nullptr;
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

ConnectionPredicate compile_predicate(const Predicate& predicate);

ConnectionPredicate compile_set(ConnectionPredicate::Kind kind, const Predicate::MatchSet& set) {
  ConnectionPredicate out;
  out.kind = kind;
  for (const Predicate& rule : set.rules()) out.children.push_back(compile_predicate(rule));
  return out;
}

// The validation rules have seen to it that a rule is set everywhere.
ConnectionPredicate compile_predicate(const Predicate& predicate) {
  ConnectionPredicate out;
  switch (predicate.rule_case()) {
    case Predicate::kOrMatch:
      return compile_set(ConnectionPredicate::Kind::any_of, predicate.or_match());
    case Predicate::kAndMatch:
      return compile_set(ConnectionPredicate::Kind::all_of, predicate.and_match());
    case Predicate::kNotMatch:
      out.kind = ConnectionPredicate::Kind::not_;
      out.children.push_back(compile_predicate(predicate.not_match()));
      return out;
    case Predicate::kDestinationPortRange:
      out.kind = ConnectionPredicate::Kind::destination_port;
      out.port_begin = predicate.destination_port_range().start();
      out.port_end = predicate.destination_port_range().end();
      return out;
    default:
      return out;
  }
}

absl::StatusOr<config::ListenerFilterEntry> compile_filter(const ListenerFilter& filter,
                                                           CompileContext& context) {
  FieldErrors errors;
  std::string_view url = filter.typed_config().type_url();
  const auto* entry = filters::find_listener_filter(url.substr(url.rfind('/') + 1));
  auto message = entry == nullptr ? nullptr : make_message(entry->config_type);
  if (message == nullptr || !message->ParseFromString(filter.typed_config().value())) {
    errors.add("typed_config",
               fmt::format("listener filter '{}' of type '{}' is not supported by Outrigger",
                           filter.name(), url));
    return errors.status();
  }
  config::ListenerFilterEntry out;
  out.name = filter.name();
  out.factory = errors.take_nested("typed_config", entry->compile(*message, context));
  if (filter.has_filter_disabled()) {
    out.disabled =
        std::make_shared<ConnectionPredicate>(compile_predicate(filter.filter_disabled()));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

bool has_filter(const std::vector<config::ListenerFilterEntry>& filters, std::string_view name) {
  for (const auto& filter : filters) {
    if (filter.name == name) return true;
  }
  return false;
}

// A filter with its defaults, unless the listener names it already.
void add_default(const char* name, CompileContext& context, FieldErrors& errors,
                 std::vector<config::ListenerFilterEntry>& out) {
  if (has_filter(out, name)) return;
  const auto* entry = filters::find_listener_filter_by_name(name);
  auto message = make_message(entry->config_type);
  out.push_back({name, errors.take_nested("", entry->compile(*message, context)), nullptr});
}

}  // namespace

absl::StatusOr<std::vector<config::ListenerFilterEntry>> compile_listener_filters(
    const Listener& listener, CompileEnvironment& environment) {
  FieldErrors errors;
  FilterCompileContext context(environment, "");
  std::vector<config::ListenerFilterEntry> out;
  for (int i = 0; i < listener.listener_filters_size(); ++i) {
    out.push_back(errors.take_nested(indexed("listener_filters", i),
                                     compile_filter(listener.listener_filters(i), context)));
  }
  if (listener.use_original_dst().value())
    add_default("envoy.filters.listener.original_dst", context, errors, out);
  if (!listener.filter_chains().empty() && listener.filter_chains(0).use_proxy_proto().value())
    add_default("envoy.filters.listener.proxy_protocol", context, errors, out);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
