#include "filters/http/jwt_authn/config.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/jwt_authn/filter.h"

namespace outrigger::filters::jwt_authn {
namespace {

namespace pb = envoy::extensions::filters::http::jwt_authn::v3;
using google::protobuf::util::TimeUtil;
using Kind = Requirement::Kind;

absl::Status invalid(std::string_view field, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, problem));
}

// The message of a nested problem opens with the path inside the field.
absl::Status nested(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}.{}", field, std::string(status.message())));
}

// "https://a.example:8443/keys?x" in its parts.
absl::Status split_uri(const std::string& uri, RemoteKeys& out) {
  size_t scheme_end = uri.find("://");
  if (scheme_end == std::string::npos) {
    return invalid("http_uri.uri", fmt::format("'{}' has no scheme", uri));
  }
  out.scheme = uri.substr(0, scheme_end);
  size_t host = scheme_end + 3;
  size_t path = uri.find_first_of("/?", host);
  out.authority = uri.substr(host, path == std::string::npos ? path : path - host);
  out.path = path == std::string::npos ? "/" : uri.substr(path);
  if (out.path.front() == '?') out.path.insert(out.path.begin(), '/');
  if (out.authority.empty()) {
    return invalid("http_uri.uri", fmt::format("'{}' names no host", uri));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<KeySource>> compile_remote(const pb::RemoteJwks& remote,
                                                          CompileContext& context) {
  RemoteKeys out;
  out.cluster = context.clusters().ref(remote.http_uri().cluster());
  if (absl::Status status = split_uri(remote.http_uri().uri(), out); !status.ok()) return status;
  out.timeout =
      std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(remote.http_uri().timeout()));
  if (remote.has_cache_duration()) {
    out.cache_duration =
        std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(remote.cache_duration()));
  }
  // Keys that are there survive a change of the configuration around them.
  std::string key = fmt::format("jwt_authn keys {} {} {}", out.cluster.name,
                                remote.http_uri().uri(), out.cache_duration.count());
  return std::static_pointer_cast<KeySource>(context.share(
      key, [&]() -> std::shared_ptr<void> { return std::make_shared<KeySource>(out); }));
}

absl::StatusOr<std::shared_ptr<KeySource>> compile_keys(const pb::JwtProvider& provider,
                                                        CompileContext& context) {
  if (provider.has_remote_jwks()) {
    auto remote = compile_remote(provider.remote_jwks(), context);
    if (!remote.ok()) return nested("remote_jwks", remote.status());
    return remote;
  }
  auto text = context.read(provider.local_jwks());
  if (!text.ok()) return invalid("local_jwks", std::string(text.status().message()));
  auto keys = std::make_shared<Jwks>();
  // As Envoy does: keys that cannot be used are no reason to refuse the configuration; no token is
  // good then.
  bool usable = parse_jwks(*text, *keys) == Status::ok;
  return std::make_shared<KeySource>(usable ? std::move(keys) : nullptr);
}

void compile_locations(const pb::JwtProvider& provider, TokenLocations& own, TokenLocations& all) {
  std::vector<TokenHeader> headers;
  for (const auto& header : provider.from_headers()) {
    headers.push_back({absl::AsciiStrToLower(header.name()), header.value_prefix()});
  }
  std::vector<std::string> parameters(provider.from_params().begin(), provider.from_params().end());
  std::vector<std::string> cookies(provider.from_cookies().begin(), provider.from_cookies().end());
  own.add_provider(provider.issuer(), headers, parameters, cookies);
  all.add_provider(provider.issuer(), headers, parameters, cookies);
}

void compile_effects(const pb::JwtProvider& provider, Provider& out) {
  out.forward = provider.forward();
  out.payload_header = absl::AsciiStrToLower(provider.forward_payload_header());
  out.pad_payload_header = provider.pad_forward_payload_header();
  out.payload_metadata = provider.payload_in_metadata();
  out.header_metadata = provider.header_in_metadata();
  const auto& delimited = provider.normalize_payload_in_metadata().space_delimited_claims();
  out.space_delimited_claims.assign(delimited.begin(), delimited.end());
  for (const auto& claim : provider.claim_to_headers()) {
    std::vector<std::string> path = absl::StrSplit(claim.claim_name(), '.');
    out.claim_headers.push_back({absl::AsciiStrToLower(claim.header_name()), std::move(path)});
  }
  out.clear_route = provider.clear_route_cache();
}

absl::StatusOr<std::unique_ptr<Provider>> compile_provider(const std::string& name,
                                                           const pb::JwtProvider& provider,
                                                           TokenLocations& all,
                                                           CompileContext& context) {
  auto out = std::make_unique<Provider>();
  out->name = name;
  out->issuer = provider.issuer();
  out->audiences.assign(provider.audiences().begin(), provider.audiences().end());
  out->require_expiration = provider.require_expiration();
  if (provider.has_subjects()) {
    auto subjects = context.compile(provider.subjects());
    if (!subjects.ok()) return nested("subjects", subjects.status());
    out->subjects = *std::move(subjects);
  }
  if (provider.has_max_lifetime()) {
    out->max_lifetime = std::chrono::seconds(TimeUtil::DurationToSeconds(provider.max_lifetime()));
  }
  if (provider.clock_skew_seconds() != 0) out->clock_skew = provider.clock_skew_seconds();
  auto keys = compile_keys(provider, context);
  if (!keys.ok()) return keys.status();
  out->keys = *std::move(keys);
  compile_locations(provider, out->locations, all);
  compile_effects(provider, *out);
  return out;
}

const Provider* find_provider(const Settings& settings, std::string_view name) {
  for (const auto& provider : settings.providers) {
    if (provider->name == name) return provider.get();
  }
  return nullptr;
}

absl::Status compile_requirement(const pb::JwtRequirement& proto, const Settings& settings,
                                 Requirement& out);

absl::Status set_provider(const std::string& name, const Settings& settings, Requirement& out) {
  out.kind = Kind::provider;
  out.provider = find_provider(settings, name);
  if (out.provider != nullptr) return absl::OkStatus();
  return invalid("provider_name", fmt::format("there is no provider '{}'", name));
}

absl::Status compile_any(const pb::JwtRequirementOrList& list, const Settings& settings,
                         Requirement& out) {
  out.kind = Kind::any;
  for (int i = 0; i < list.requirements_size(); ++i) {
    const pb::JwtRequirement& child = list.requirements(i);
    if (child.has_allow_missing()) {
      out.or_missing = true;
    } else if (child.has_allow_missing_or_failed()) {
      out.or_failed = true;
    } else if (absl::Status status =
                   compile_requirement(child, settings, out.children.emplace_back());
               !status.ok()) {
      return nested(fmt::format("requires_any.requirements[{}]", i), status);
    }
  }
  // Nothing else is asked for: then it is about everybody's tokens.
  if (out.children.empty() && (out.or_missing || out.or_failed)) {
    out.kind = out.or_failed ? Kind::allow_missing_or_failed : Kind::allow_missing;
  }
  return absl::OkStatus();
}

absl::Status compile_requirement(const pb::JwtRequirement& proto, const Settings& settings,
                                 Requirement& out) {
  switch (proto.requires_type_case()) {
    case pb::JwtRequirement::kProviderName:
      return set_provider(proto.provider_name(), settings, out);
    case pb::JwtRequirement::kProviderAndAudiences: {
      const auto& both = proto.provider_and_audiences();
      if (both.audiences_size() > 0) {
        out.audiences.emplace(both.audiences().begin(), both.audiences().end());
      }
      absl::Status status = set_provider(both.provider_name(), settings, out);
      return status.ok() ? status : nested("provider_and_audiences", status);
    }
    case pb::JwtRequirement::kRequiresAny:
      return compile_any(proto.requires_any(), settings, out);
    case pb::JwtRequirement::kRequiresAll:
      out.kind = Kind::all;
      for (int i = 0; i < proto.requires_all().requirements_size(); ++i) {
        absl::Status status = compile_requirement(proto.requires_all().requirements(i), settings,
                                                  out.children.emplace_back());
        if (!status.ok()) return nested(fmt::format("requires_all.requirements[{}]", i), status);
      }
      return absl::OkStatus();
    case pb::JwtRequirement::kAllowMissing:
      out.kind = Kind::allow_missing;
      return absl::OkStatus();
    case pb::JwtRequirement::kAllowMissingOrFailed:
      out.kind = Kind::allow_missing_or_failed;
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<const Requirement*> add_requirement(const pb::JwtRequirement& proto,
                                                   Settings& settings) {
  auto made = std::make_unique<Requirement>();
  if (absl::Status status = compile_requirement(proto, settings, *made); !status.ok()) {
    return status;
  }
  settings.requirements.push_back(std::move(made));
  return settings.requirements.back().get();
}

absl::StatusOr<Rule> compile_rule(const pb::RequirementRule& proto, Settings& settings,
                                  CompileContext& context) {
  Rule rule;
  auto match = context.compile(proto.match());
  if (!match.ok()) return nested("match", match.status());
  rule.match = *std::move(match);
  if (proto.has_requires_()) {
    auto requirement = add_requirement(proto.requires_(), settings);
    if (!requirement.ok()) return nested("requires", requirement.status());
    rule.requirement = *requirement;
  } else if (!proto.requirement_name().empty()) {
    auto found = settings.by_name.find(proto.requirement_name());
    if (found == settings.by_name.end()) {
      return invalid("requirement_name",
                     fmt::format("'{}' is not in the requirement_map", proto.requirement_name()));
    }
    rule.requirement = found->second;
  }
  return rule;
}

absl::Status compile_providers(const pb::JwtAuthentication& proto, Settings& settings,
                               CompileContext& context) {
  // A map has no order of its own; whose tokens are tried first must not depend on chance.
  std::vector<std::string> names;
  for (const auto& [name, provider] : proto.providers()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    auto provider =
        compile_provider(name, proto.providers().at(name), settings.all_locations, context);
    if (!provider.ok()) return nested(fmt::format("providers[\"{}\"]", name), provider.status());
    settings.providers.push_back(*std::move(provider));
  }
  return absl::OkStatus();
}

absl::Status compile_requirements(const pb::JwtAuthentication& proto, Settings& settings,
                                  CompileContext& context) {
  for (const auto& [name, requirement] : proto.requirement_map()) {
    auto made = add_requirement(requirement, settings);
    if (!made.ok()) return nested(fmt::format("requirement_map[\"{}\"]", name), made.status());
    settings.by_name.emplace(name, *made);
  }
  for (int i = 0; i < proto.rules_size(); ++i) {
    auto rule = compile_rule(proto.rules(i), settings, context);
    if (!rule.ok()) return nested(fmt::format("rules[{}]", i), rule.status());
    settings.rules.push_back(*std::move(rule));
  }
  settings.filter_state = proto.filter_state_rules().name();
  for (const auto& [value, requirement] : proto.filter_state_rules().requires_()) {
    auto made = add_requirement(requirement, settings);
    if (!made.ok()) {
      return nested(fmt::format("filter_state_rules.requires[\"{}\"]", value), made.status());
    }
    settings.by_filter_state.emplace(value, *made);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::JwtAuthentication&>(config);
  auto settings = std::make_unique<Settings>();
  if (absl::Status status = compile_providers(proto, *settings, context); !status.ok()) {
    return status;
  }
  if (absl::Status status = compile_requirements(proto, *settings, context); !status.ok()) {
    return status;
  }
  settings->bypass_cors_preflight = proto.bypass_cors_preflight();
  settings->strip_failure_response = proto.strip_failure_response();
  std::string part = "jwt_authn.";
  if (!proto.stat_prefix().empty()) part += proto.stat_prefix() + ".";
  return std::make_shared<JwtFactory>(std::move(settings), filter_stats<JwtStats>(context, part));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext&) {
  const auto& proto = static_cast<const pb::PerRouteConfig&>(config);
  auto route = std::make_shared<JwtRouteConfig>();
  route->disabled = proto.disabled();
  route->requirement_name = proto.requirement_name();
  return route;
}

}  // namespace outrigger::filters::jwt_authn
