#include "xds/compile_listener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "google/protobuf/wrappers.pb.h"

#include "api/stats_server.h"
#include "xds/compile_access_log.h"
#include "xds/compile_filter_chain.h"
#include "xds/compile_filter_chain_match.h"
#include "xds/compile_listener_address.h"
#include "xds/compile_listener_filters.h"
#include "xds/compile_match_tree.h"
#include "xds/compile_metadata.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/listener_stat_names.h"
#include "xds/octets.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;

std::string shape_of(Listener listener) {
  listener.clear_filter_chains();
  listener.clear_default_filter_chain();
  listener.clear_filter_chain_matcher();
  return octets_of(listener);
}

// The filter chains of the listener in force, found by what they were compiled from.
class PresentChains {
 public:
  PresentChains() = default;
  explicit PresentChains(const PresentListener& present)
      : default_(present.compiled.default_chain) {
    if (default_ != nullptr) default_octets_ = octets_of(present.message.default_filter_chain());
    for (size_t i = 0; i < present.compiled.chains.size(); ++i) {
      chains_.try_emplace(octets_of(present.message.filter_chains(static_cast<int>(i))),
                          present.compiled.chains[i]);
    }
  }

  config::FilterChainPtr find(const FilterChain& message) const {
    if (chains_.empty()) return nullptr;
    auto found = chains_.find(octets_of(message));
    return found == chains_.end() ? nullptr : found->second;
  }
  config::FilterChainPtr find_default(const FilterChain& message) const {
    return default_ != nullptr && octets_of(message) == default_octets_ ? default_ : nullptr;
  }

 private:
  absl::flat_hash_map<std::string, config::FilterChainPtr> chains_;
  config::FilterChainPtr default_;
  std::string default_octets_;
};

// A generic matcher finds chains by their names alone; their own criteria do not count.
absl::Status check_name(const FilterChain& message,
                        const std::vector<config::FilterChainPtr>& others) {
  if (message.name().empty())
    return absl::InvalidArgumentError("needs a name: filter_chain_matcher is set");
  for (const config::FilterChainPtr& other : others) {
    if (other->name == message.name()) {
      return absl::InvalidArgumentError(
          fmt::format("has the name '{}', which another has", message.name()));
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const config::ChainTree> compile_chain_tree(
    const ::xds::type::matcher::v3::Matcher& matcher, FieldErrors& errors) {
  auto out = std::make_shared<config::ChainTree>();
  auto add =
      [&out](const ::xds::core::v3::TypedExtensionConfig& action) -> absl::StatusOr<uint32_t> {
    google::protobuf::StringValue name;
    if (!action.typed_config().UnpackTo(&name)) {
      FieldErrors problem;
      problem.add("typed_config", fmt::format("the type '{}' is not google.protobuf.StringValue",
                                              action.typed_config().type_url()));
      return problem.status();
    }
    out->chains.push_back(name.value());
    return static_cast<uint32_t>(out->chains.size() - 1);
  };
  out->tree = errors.take_nested("filter_chain_matcher",
                                 compile_match_tree(matcher, MatchSubject::connection, add));
  return out;
}

void compile_chains(const Listener& listener, const PresentChains& present,
                    const ListenerStatNames& names, CompileEnvironment& environment,
                    const ClusterExists& cluster_exists, config::Listener& out,
                    FieldErrors& errors) {
  auto take = [&](const std::string& field, const FilterChain& message,
                  config::FilterChainPtr chain) {
    if (chain != nullptr) return chain;
    return config::FilterChainPtr(errors.take_nested(
        field, compile_filter_chain(message, names, environment, cluster_exists)));
  };
  if (listener.filter_chains_size() == 0 && !listener.has_default_filter_chain())
    errors.add("filter_chains", "no filter chains specified");
  TakenMatches taken;
  for (int i = 0; i < listener.filter_chains_size(); ++i) {
    const auto& message = listener.filter_chains(i);
    std::string field = indexed("filter_chains", i);
    auto chain = take(field, message, present.find(message));
    if (chain == nullptr) continue;
    absl::Status fresh = listener.has_filter_chain_matcher()
                             ? check_name(message, out.chains)
                             : taken.add(chain->name, message.filter_chain_match(), chain->match);
    if (!fresh.ok()) errors.add(field, fresh);
    out.chains.push_back(std::move(chain));
  }
  if (listener.has_filter_chain_matcher())
    out.chain_tree = compile_chain_tree(listener.filter_chain_matcher(), errors);
  if (!listener.has_default_filter_chain()) return;
  const FilterChain& message = listener.default_filter_chain();
  out.default_chain = take("default_filter_chain", message, present.find_default(message));
}

void compile_socket(const Listener& listener, config::Listener& out) {
  if (listener.has_per_connection_buffer_limit_bytes())
    out.buffer_limit_bytes = listener.per_connection_buffer_limit_bytes().value();
  if (listener.has_tcp_backlog_size()) out.backlog = listener.tcp_backlog_size().value();
  if (listener.has_tcp_fast_open_queue_length())
    out.tcp_fast_open = listener.tcp_fast_open_queue_length().value();
  if (listener.has_enable_reuse_port()) out.reuse_port = listener.enable_reuse_port().value();
  if (listener.deprecated_v1().has_bind_to_port())
    out.bind_to_port = listener.deprecated_v1().bind_to_port().value();
  if (listener.has_bind_to_port()) out.bind_to_port = listener.bind_to_port().value();
  out.transparent = listener.transparent().value();
  out.freebind = listener.freebind().value();
  out.mptcp = listener.enable_mptcp();
  out.max_connections_per_event = listener.max_connections_to_accept_per_socket_event().value();
  out.ignore_global_connection_limit = listener.ignore_global_conn_limit();
  out.exact_balance = listener.connection_balance_config().has_exact_balance();
}

void check_socket(const Listener& listener, const config::Listener& out, FieldErrors& errors) {
  if (out.mptcp && !out.bind_to_port)
    errors.add("enable_mptcp", "is set but the listener does not bind to a port");
  for (const auto& listen : out.addresses) {
    if (out.mptcp && !listen.address.is_ip())
      errors.add("enable_mptcp", fmt::format("'{}' is no IP address", listen.address.text()));
  }
  if (listener.connection_balance_config().has_extend_balance()) {
    errors.add("connection_balance_config.extend_balance",
               fmt::format("'{}' is not supported by Outrigger",
                           listener.connection_balance_config().extend_balance().name()));
  }
}

void compile_kind(const Listener& listener, config::Listener& out) {
  out.metadata = compile_metadata(listener.metadata());
  if (listener.drain_type() == Listener::MODIFY_ONLY)
    out.drain = config::Listener::Drain::modify_only;
  if (listener.traffic_direction() == envoy::config::core::v3::INBOUND)
    out.direction = config::Listener::Direction::inbound;
  if (listener.traffic_direction() == envoy::config::core::v3::OUTBOUND)
    out.direction = config::Listener::Direction::outbound;
}

void compile_filters(const Listener& listener, CompileEnvironment& environment,
                     config::Listener& out, FieldErrors& errors) {
  out.use_original_dst = listener.use_original_dst().value();
  if (listener.has_listener_filters_timeout())
    out.listener_filters_timeout = to_milliseconds(listener.listener_filters_timeout());
  out.continue_on_listener_filters_timeout = listener.continue_on_listener_filters_timeout();
  out.listener_filters = errors.take_nested("", compile_listener_filters(listener, environment));
}

ListenerStatNames stat_names(const Listener& listener, const config::Listener& out) {
  if (!listener.stat_prefix().empty()) return {listener.stat_prefix(), false};
  if (out.internal) return {"envoy_internal_" + listener.name(), true};
  return {out.address().text(), out.address().is_ip()};
}

absl::StatusOr<config::ListenerPtr> compile(const Listener& listener, std::string shape,
                                            const PresentChains& present,
                                            CompileEnvironment& environment,
                                            const ClusterExists& cluster_exists) {
  FieldErrors errors;
  auto out = std::make_shared<config::Listener>();
  out->name = listener.name();
  out->shape = std::move(shape);
  compile_listener_addresses(listener, *out, errors);
  compile_socket(listener, *out);
  check_socket(listener, *out, errors);
  compile_kind(listener, *out);
  compile_filters(listener, environment, *out, errors);
  out->access_logs = errors.take_nested("", compile_access_logs(listener.access_log()));
  ListenerStatNames names = stat_names(listener, *out);
  compile_chains(listener, present, names, environment, cluster_exists, *out, errors);
  if (!errors.empty()) return errors.status();
  out->stats = names.scope<ListenerStats>("", environment.stats);
  for (unsigned i = 0; i < environment.workers; ++i)
    out->worker_stats.push_back(names.worker_scope<ListenerWorkerStats>(i, environment.stats));
  return config::ListenerPtr(std::move(out));
}

}  // namespace

absl::StatusOr<config::ListenerPtr> compile_listener(const Listener& listener,
                                                     CompileEnvironment& environment,
                                                     const ClusterExists& cluster_exists) {
  return compile(listener, {}, {}, environment, cluster_exists);
}

absl::StatusOr<config::ListenerPtr> compile_next_listener(const Listener& listener,
                                                          const PresentListener* present,
                                                          CompileEnvironment& environment,
                                                          const ClusterExists& cluster_exists) {
  std::string shape = shape_of(listener);
  bool alike = present != nullptr && present->compiled.shape == shape;
  return compile(listener, std::move(shape), alike ? PresentChains(*present) : PresentChains(),
                 environment, cluster_exists);
}

}  // namespace outrigger::xds
