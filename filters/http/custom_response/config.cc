#include "filters/http/custom_response/config.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/custom_response/v3/custom_response.pb.h"
#include "envoy/extensions/http/custom_response/local_response_policy/v3/local_response_policy.pb.h"
#include "envoy/extensions/http/custom_response/redirect_policy/v3/redirect_policy.pb.h"
#include "xds/core/v3/extension.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/custom_response/filter.h"

namespace outrigger::filters::custom_response {
namespace {

using envoy::extensions::filters::http::custom_response::v3::CustomResponse;
using LocalMessage =
    envoy::extensions::http::custom_response::local_response_policy::v3::LocalResponsePolicy;
using RedirectMessage =
    envoy::extensions::http::custom_response::redirect_policy::v3::RedirectPolicy;
using ActionMessage = ::xds::core::v3::TypedExtensionConfig;

absl::Status problem(std::string_view field, std::string_view text) {
  return absl::InvalidArgumentError(fmt::format("typed_config.{}: {}", field, text));
}

// `what` opens with a path inside the field.
absl::Status nested(std::string_view field, const absl::Status& what) {
  return absl::InvalidArgumentError(
      fmt::format("typed_config.{}.{}", field, std::string(what.message())));
}

template <class Options>
absl::StatusOr<config::HeaderMutations> compile_additions(const Options& options,
                                                          std::string_view field,
                                                          CompileContext& context) {
  config::HeaderMutations out;
  for (int i = 0; i < options.size(); ++i) {
    auto addition = context.compile(options.Get(i));
    if (!addition.ok()) return nested(fmt::format("{}[{}]", field, i), addition.status());
    out.add.push_back(*std::move(addition));
  }
  return out;
}

absl::StatusOr<Policy> compile_local(const LocalMessage& message, CompileContext& context) {
  LocalResponse out;
  if (message.has_body()) {
    auto body = context.read(message.body());
    if (!body.ok()) return problem("body", std::string(body.status().message()));
    out.body = *std::move(body);
  }
  if (message.has_body_format()) {
    auto format = context.compile(message.body_format());
    if (!format.ok()) return nested("body_format", format.status());
    out.body_format = *std::move(format);
  }
  if (message.has_status_code()) out.status = static_cast<int>(message.status_code().value());
  auto headers =
      compile_additions(message.response_headers_to_add(), "response_headers_to_add", context);
  if (!headers.ok()) return headers.status();
  out.headers = *std::move(headers);
  return Policy(std::move(out));
}

// What Envoy has against a redirect that must lead to one place.
absl::Status check_action(const RedirectMessage& message) {
  const auto& action = message.redirect_action();
  if (action.has_regex_rewrite())
    return problem("redirect_action.regex_rewrite", "is not supported for a custom response");
  if (action.path_rewrite_specifier_case() ==
      envoy::config::route::v3::RedirectAction::kPrefixRewrite)
    return problem("redirect_action.prefix_rewrite", "is not supported for a custom response");
  if (action.path_redirect().find('#') != std::string::npos)
    return problem("redirect_action.path_redirect", "has a fragment, which a request cannot have");
  if (action.host_redirect().empty() && action.path_redirect().empty())
    return problem("redirect_action", "must have a host_redirect or a path_redirect");
  return absl::OkStatus();
}

absl::Status compile_target(const RedirectMessage& message, CompileContext& context,
                            Redirect& out) {
  switch (message.redirect_action_specifier_case()) {
    case RedirectMessage::kUri:
      out.url = message.uri();
      if (!out.url.starts_with("http://") && !out.url.starts_with("https://"))
        return problem("uri", fmt::format("'{}' is not an absolute URL", out.url));
      return absl::OkStatus();
    case RedirectMessage::kRedirectAction: {
      if (absl::Status status = check_action(message); !status.ok()) return status;
      auto action = context.compile(message.redirect_action());
      if (!action.ok()) return nested("redirect_action", action.status());
      out.route.action = *std::move(action);
      return absl::OkStatus();
    }
    default:
      return problem("", "one of uri and redirect_action must be set");
  }
}

absl::StatusOr<Policy> compile_redirect(const RedirectMessage& message, CompileContext& context,
                                        const StatsScopePtr& stats) {
  auto out = std::make_shared<Redirect>();
  if (message.has_modify_request_headers_action()) {
    return problem("modify_request_headers_action",
                   fmt::format("the type '{}' is not supported by Outrigger",
                               message.modify_request_headers_action().typed_config().type_url()));
  }
  if (absl::Status status = compile_target(message, context, *out); !status.ok()) return status;
  if (message.has_status_code()) out->status = static_cast<int>(message.status_code().value());
  auto request =
      compile_additions(message.request_headers_to_add(), "request_headers_to_add", context);
  if (!request.ok()) return request.status();
  out->request_headers = *std::move(request);
  auto response =
      compile_additions(message.response_headers_to_add(), "response_headers_to_add", context);
  if (!response.ok()) return response.status();
  out->response_headers = *std::move(response);
  out->stats = stats;
  return Policy(std::shared_ptr<const Redirect>(std::move(out)));
}

absl::StatusOr<Policy> compile_policy(const ActionMessage& action, CompileContext& context,
                                      const StatsScopePtr& stats) {
  LocalMessage local;
  RedirectMessage redirect;
  if (action.typed_config().UnpackTo(&local)) return compile_local(local, context);
  if (action.typed_config().UnpackTo(&redirect)) return compile_redirect(redirect, context, stats);
  return absl::InvalidArgumentError(
      fmt::format("typed_config: the type '{}' is not supported by Outrigger",
                  action.typed_config().type_url()));
}

absl::StatusOr<std::shared_ptr<const Policies>> compile_policies(
    const google::protobuf::Message& config, CompileContext& context, const StatsScopePtr& stats) {
  const auto& message = static_cast<const CustomResponse&>(config);
  auto out = std::make_shared<Policies>();
  if (!message.has_custom_response_matcher()) return out;
  auto tree = context.compile(message.custom_response_matcher(),
                              [&](const ActionMessage& action) -> absl::StatusOr<uint32_t> {
                                auto policy = compile_policy(action, context, stats);
                                if (!policy.ok()) return policy.status();
                                out->policies.push_back(*std::move(policy));
                                return static_cast<uint32_t>(out->policies.size() - 1);
                              });
  if (!tree.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("custom_response_matcher.{}", std::string(tree.status().message())));
  }
  out->matcher = *std::move(tree);
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto policies = compile_policies(config, context, filter_stats<CustomResponseStats>(context, ""));
  if (!policies.ok()) return policies.status();
  return std::make_shared<CustomResponseFactory>(*std::move(policies));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  // Routes count under no prefix, as in Envoy.
  auto policies = compile_policies(config, context, context.stats().scope<CustomResponseStats>(""));
  if (!policies.ok()) return policies.status();
  return *std::move(policies);
}

}  // namespace outrigger::filters::custom_response
