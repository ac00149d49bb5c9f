#include "filters/http/header_mutation/config.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/header_mutation/v3/header_mutation.pb.h"

#include "filters/http/header_mutation/filter.h"

namespace outrigger::filters::header_mutation {
namespace {

namespace proto = envoy::extensions::filters::http::header_mutation::v3;
using Action = config::HeaderAddition::Action;
using envoy::config::core::v3::KeyValueAppend;
using envoy::config::core::v3::KeyValueMutation;
using ProtoHeaderMutation = envoy::config::common::mutation_rules::v3::HeaderMutation;

absl::Status problem(std::string_view field, int index, std::string_view text) {
  return absl::InvalidArgumentError(fmt::format("mutations.{}[{}].{}", field, index, text));
}

absl::Status compile_header(const ProtoHeaderMutation& mutation, std::string_view field, int index,
                            CompileContext& context, std::vector<config::HeaderStep>& out) {
  auto step = context.compile(mutation);
  if (!step.ok()) return problem(field, index, std::string(step.status().message()));
  out.push_back(*std::move(step));
  return absl::OkStatus();
}

Action action_of(KeyValueAppend::KeyValueAppendAction action) {
  switch (action) {
    case KeyValueAppend::ADD_IF_ABSENT:
      return Action::add_if_absent;
    case KeyValueAppend::OVERWRITE_IF_EXISTS_OR_ADD:
      return Action::overwrite_if_exists_or_add;
    case KeyValueAppend::OVERWRITE_IF_EXISTS:
      return Action::overwrite_if_exists;
    default:
      return Action::append_if_exists_or_add;
  }
}

absl::Status compile_query(const KeyValueMutation& mutation, int index, CompileContext& context,
                           std::vector<QueryMutation>& out) {
  constexpr std::string_view kField = "query_parameter_mutations";
  QueryMutation query;
  if (!mutation.has_append()) {
    if (mutation.remove().empty()) {
      return problem(kField, index, "append: one of append and remove is needed");
    }
    query.name = mutation.remove();
    query.remove = true;
    out.push_back(std::move(query));
    return absl::OkStatus();
  }
  if (!mutation.remove().empty()) {
    return problem(kField, index, "remove: cannot be set together with append");
  }
  if (!mutation.append().has_record()) return problem(kField, index, "append.record: is required");
  const auto& record = mutation.append().record();
  if (record.value().kind_case() != google::protobuf::Value::kStringValue) {
    return problem(kField, index, "append.record.value: must be a string");
  }
  auto format = context.compile_format(record.value().string_value());
  if (!format.ok()) {
    return problem(kField, index,
                   fmt::format("append.record.value: {}", std::string(format.status().message())));
  }
  query.name = record.key();
  query.value = *std::move(format);
  query.action = action_of(mutation.append().action());
  out.push_back(std::move(query));
  return absl::OkStatus();
}

absl::StatusOr<Mutations> compile_mutations(const proto::Mutations& config,
                                            CompileContext& context) {
  Mutations out;
  auto headers = [&context](const auto& list, std::string_view field, auto& compiled) {
    absl::Status status;
    for (int i = 0; i < list.size() && status.ok(); ++i) {
      status = compile_header(list.Get(i), field, i, context, compiled);
    }
    return status;
  };
  absl::Status status = headers(config.request_mutations(), "request_mutations", out.request);
  status.Update(headers(config.request_trailers_mutations(), "request_trailers_mutations",
                        out.request_trailers));
  status.Update(headers(config.response_mutations(), "response_mutations", out.response));
  status.Update(headers(config.response_trailers_mutations(), "response_trailers_mutations",
                        out.response_trailers));
  for (int i = 0; i < config.query_parameter_mutations_size(); ++i) {
    status.Update(compile_query(config.query_parameter_mutations(i), i, context, out.query));
  }
  if (!status.ok()) return status;
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const proto::HeaderMutation&>(config);
  auto mutations = compile_mutations(message.mutations(), context);
  if (!mutations.ok()) return mutations.status();
  return std::make_shared<HeaderMutationFactory>(*std::move(mutations),
                                                 message.most_specific_header_mutations_wins());
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const proto::HeaderMutationPerRoute&>(config);
  auto mutations = compile_mutations(message.mutations(), context);
  if (!mutations.ok()) return mutations.status();
  auto route = std::make_shared<HeaderMutationRouteConfig>();
  route->mutations = *std::move(mutations);
  return route;
}

}  // namespace outrigger::filters::header_mutation
