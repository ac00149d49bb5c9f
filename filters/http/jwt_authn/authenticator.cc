#include "filters/http/jwt_authn/authenticator.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

namespace outrigger::filters::jwt_authn {

using Kind = Requirement::Kind;

namespace {

uint64_t unix_seconds(SystemTime time) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return seconds < 0 ? 0 : static_cast<uint64_t>(seconds);
}

// As Envoy compares them: without scheme and without the slash at the end.
std::string_view bare_audience(std::string_view audience) {
  for (std::string_view scheme : {std::string_view("https://"), std::string_view("http://")}) {
    if (audience.starts_with(scheme)) audience.remove_prefix(scheme.size());
  }
  if (audience.ends_with('/')) audience.remove_suffix(1);
  return audience;
}

bool audience_allowed(const std::vector<std::string>& allowed, const Jwt& jwt) {
  if (allowed.empty()) return true;
  return std::any_of(jwt.audiences.begin(), jwt.audiences.end(), [&](const std::string& audience) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
      return bare_audience(one) == bare_audience(audience);
    });
  });
}

bool lifetime_allowed(const Jwt& jwt, const Provider& provider, uint64_t now) {
  if (jwt.expires_at == 0) return !provider.require_expiration && !provider.max_lifetime;
  if (!provider.max_lifetime) return true;
  auto most = static_cast<uint64_t>(provider.max_lifetime->count());
  return jwt.expires_at <= now || jwt.expires_at - now <= most;
}

// A member of a member: the path's keys.
const MetadataValue* find_claim(const MetadataStruct& payload, std::span<const std::string> path) {
  const MetadataStruct* at = &payload;
  const MetadataValue* value = nullptr;
  for (const std::string& key : path) {
    if (at == nullptr) return nullptr;
    value = at->find(key);
    if (value == nullptr) return nullptr;
    at = value->object();
  }
  return value;
}

// Whole numbers without a point, others with six digits.
std::string number_text(double number) {
  char text[400];
  bool whole = number >= 0 && number < 18446744073709551615.0 && std::trunc(number) == number;
  int size = std::snprintf(text, sizeof text, whole ? "%.0f" : "%f", number);
  return std::string(text, static_cast<size_t>(std::max(size, 0)));
}

std::string claim_text(const MetadataValue& value) {
  if (const std::string* text = value.string()) return *text;
  if (const double* number = std::get_if<double>(&value.get())) return number_text(*number);
  if (const bool* flag = std::get_if<bool>(&value.get())) return *flag ? "true" : "false";
  return {};
}

// A header must not be ended by what a claim says.
bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

MetadataList split_words(std::string_view text) {
  MetadataList words;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) words.emplace_back(std::string(word));
  }
  return words;
}

}  // namespace

const Provider* Settings::find_by_issuer(std::string_view issuer) const {
  const Provider* of_any = nullptr;
  for (const auto& provider : providers) {
    if (provider->issuer == issuer && !issuer.empty()) return provider.get();
    if (provider->issuer.empty() && of_any == nullptr) of_any = provider.get();
  }
  return of_any;
}

Status Authenticator::judge(const Requirement& requirement) {
  switch (requirement.kind) {
    case Kind::nothing:
      return Status::ok;
    case Kind::provider:
      return judge_tokens({requirement.provider,
                           requirement.audiences ? &*requirement.audiences : nullptr, false,
                           false});
    case Kind::any:
      return judge_any(requirement);
    case Kind::all:
      return judge_all(requirement);
    case Kind::allow_missing:
      return judge_tokens({nullptr, nullptr, false, true});
    case Kind::allow_missing_or_failed:
      return judge_tokens({nullptr, nullptr, true, true});
  }
  return Status::verification_failed;
}

Status Authenticator::judge_any(const Requirement& requirement) {
  // What is wrong with a token says more than that another was missing or somebody else's.
  Status worst = Status::missing;
  for (const Requirement& child : requirement.children) {
    Status status = judge(child);
    if (status == Status::ok) return status;
    bool telling = status != Status::missing && status != Status::unknown_issuer;
    if (telling || worst == Status::missing) worst = status;
  }
  if (requirement.or_failed || (requirement.or_missing && worst == Status::missing)) {
    return Status::ok;
  }
  return worst;
}

Status Authenticator::judge_all(const Requirement& requirement) {
  for (const Requirement& child : requirement.children) {
    if (Status status = judge(child); status != Status::ok) return status;
  }
  return Status::ok;
}

// All tokens of a request must be good: behind us somebody might believe the bad one.
Status Authenticator::judge_tokens(const Scope& scope) {
  if (scope.provider != nullptr) {
    sanitize(*scope.provider);
  } else {
    for (const auto& provider : settings_.providers) sanitize(*provider);
  }
  std::vector<FoundToken> tokens =
      locations(scope).find(context_.request_headers(), context_.arena());
  Status worst = tokens.empty() ? Status::missing : Status::ok;
  for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
    Status status = judge_token(*token, scope);
    if (status == Status::ok) continue;
    worst = status;
    if (!scope.allow_failed) break;
  }
  if (scope.allow_failed || (scope.allow_missing && worst == Status::missing)) return Status::ok;
  return worst;
}

Status Authenticator::judge_token(const FoundToken& token, const Scope& scope) {
  Jwt jwt;
  if (scope.provider != nullptr) stats_.jwt_cache_miss.inc();
  if (Status status = parse_jwt(token.text, jwt); status != Status::ok) return status;
  if (!token.location->allows(jwt.issuer)) return Status::unknown_issuer;
  const Provider* provider =
      scope.provider != nullptr ? scope.provider : settings_.find_by_issuer(jwt.issuer);
  if (provider == nullptr) return Status::unknown_issuer;
  if (Status status = check_claims(jwt, *provider, scope); status != Status::ok) return status;

  Status why = Status::no_valid_keys;
  std::shared_ptr<const Jwks> keys = provider->keys->keys(context_.now(), why);
  if (keys == nullptr) return why;
  Status status = verify(jwt, *keys);
  if (status == Status::ok) accept(token, jwt, *provider);
  return status;
}

Status Authenticator::check_claims(const Jwt& jwt, const Provider& provider,
                                   const Scope& scope) const {
  uint64_t now = unix_seconds(context_.info().start_time);
  if (provider.subjects && !provider.subjects->matches(jwt.subject)) {
    return Status::verification_failed;
  }
  if (!lifetime_allowed(jwt, provider, now)) return Status::verification_failed;
  if (Status status = check_time(jwt, now, provider.clock_skew); status != Status::ok) {
    return status;
  }
  const auto& audiences = scope.audiences != nullptr ? *scope.audiences : provider.audiences;
  return audience_allowed(audiences, jwt) ? Status::ok : Status::audience_not_allowed;
}

void Authenticator::accept(const FoundToken& token, const Jwt& jwt, const Provider& provider) {
  http::HeaderMap& headers = context_.request_headers();
  if (!provider.payload_header.empty()) {
    std::string payload(jwt.payload_encoded);
    while (provider.pad_payload_header && payload.size() % 4 != 0) payload.push_back('=');
    headers.add_copy(provider.payload_header, payload);
  }
  add_claims(jwt, provider);
  if (!provider.forward) remove_token(token, headers);
  if (!provider.header_metadata.empty()) {
    metadata_[provider.header_metadata] = MetadataValue(jwt.header);
  }
  if (!provider.payload_metadata.empty()) keep_payload(jwt, provider);
  clear_route_ = clear_route_ || provider.clear_route;
}

void Authenticator::add_claims(const Jwt& jwt, const Provider& provider) {
  for (const ClaimHeader& wanted : provider.claim_headers) {
    const MetadataValue* value = find_claim(jwt.payload, wanted.claim);
    std::string text = value == nullptr ? std::string() : claim_text(*value);
    if (!text.empty() && is_header_value(text)) {
      context_.request_headers().add_copy(wanted.header, text);
    }
  }
}

void Authenticator::keep_payload(const Jwt& jwt, const Provider& provider) {
  MetadataStruct payload = jwt.payload;
  for (const std::string& name : provider.space_delimited_claims) {
    const MetadataValue* claim = payload.find(name);
    if (claim == nullptr || claim->string() == nullptr) continue;
    payload[name] = MetadataValue(split_words(std::string(*claim->string())));
  }
  metadata_[provider.payload_metadata] = MetadataValue(std::move(payload));
}

// What a client wrote there itself must not be taken for what a token said.
void Authenticator::sanitize(const Provider& provider) {
  http::HeaderMap& headers = context_.request_headers();
  if (!provider.payload_header.empty()) headers.remove(provider.payload_header);
  for (const ClaimHeader& wanted : provider.claim_headers) headers.remove(wanted.header);
}

void Authenticator::collect_missing_keys(const Requirement& requirement,
                                         std::vector<KeySource*>& out) const {
  if (requirement.kind == Kind::provider) collect({requirement.provider, nullptr}, out);
  if (requirement.kind == Kind::allow_missing ||
      requirement.kind == Kind::allow_missing_or_failed) {
    collect({}, out);
  }
  for (const Requirement& child : requirement.children) collect_missing_keys(child, out);
}

// Only a token that its keys could prove good is a reason to fetch them.
void Authenticator::collect(const Scope& scope, std::vector<KeySource*>& out) const {
  auto wanted = [&](const Provider& provider) {
    return provider.keys->needs_fetch(context_.now()) &&
           std::find(out.begin(), out.end(), provider.keys.get()) == out.end();
  };
  bool any = scope.provider != nullptr
                 ? wanted(*scope.provider)
                 : std::any_of(settings_.providers.begin(), settings_.providers.end(),
                               [&](const auto& provider) { return wanted(*provider); });
  if (!any) return;
  for (const FoundToken& token :
       locations(scope).find(context_.request_headers(), context_.arena())) {
    Jwt jwt;
    if (parse_jwt(token.text, jwt) != Status::ok || !token.location->allows(jwt.issuer)) continue;
    const Provider* provider =
        scope.provider != nullptr ? scope.provider : settings_.find_by_issuer(jwt.issuer);
    if (provider == nullptr || !wanted(*provider)) continue;
    if (check_claims(jwt, *provider, scope) != Status::ok) continue;
    out.push_back(provider->keys.get());
  }
}

}  // namespace outrigger::filters::jwt_authn
