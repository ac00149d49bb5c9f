// The check of http_health_check: a request, and what its answer has to be.
#include "proxy/health/http_check.h"

#include <algorithm>
#include <utility>

#include "proxy/health/payload_match.h"

namespace outrigger::health {
namespace {

using http::HeaderId;

bool in_ranges(const std::vector<config::HealthCheck::StatusRange>& ranges, int status) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return status >= range.begin && status < range.end;
  });
}

// Of the whole format, which has nothing to be substituted.
std::string literal_of(const config::SubstitutionFormat& format) {
  std::string out;
  for (const config::LogCommand& piece : format) out += piece.text;
  return out;
}

void apply(const config::HeaderMutations& mutations, http::HeaderMap& headers, Arena& arena) {
  using Action = config::HeaderAddition::Action;
  for (const config::HeaderAddition& addition : mutations.add) {
    std::string_view value = arena.copy(literal_of(addition.value));
    if (value.empty() && !addition.keep_empty_value) continue;
    bool present = headers.find(addition.name) != nullptr;
    switch (addition.action) {
      case Action::append_if_exists_or_add:
        headers.add(addition.name, value);
        break;
      case Action::add_if_absent:
        if (!present) headers.add(addition.name, value);
        break;
      case Action::overwrite_if_exists_or_add:
        headers.set(addition.name, value);
        break;
      case Action::overwrite_if_exists:
        if (present) headers.set(addition.name, value);
        break;
    }
  }
  for (const std::string& name : mutations.remove) headers.remove(name);
}

}  // namespace

std::string check_authority(const std::string& configured, const config::Endpoint& endpoint,
                            const config::Cluster& cluster) {
  if (endpoint.health_check != nullptr && !endpoint.health_check->hostname.empty())
    return endpoint.health_check->hostname;
  return configured.empty() ? cluster.ref.name : configured;
}

void HttpCheck::ask() {
  if (exchange_ == nullptr) {
    HttpExchange::Options options;
    options.http2 = http().http2;
    // 0: the whole body.
    if (!http().receive.empty())
      options.body_wanted =
          http().response_buffer_bytes == 0 ? kMostOfABody : http().response_buffer_bytes;
    exchange_ = std::make_unique<HttpExchange>(context().loop, *this, context().cluster,
                                               std::move(options));
    if (!exchange_->connect(connector_, endpoint())) {
      drop();
      return fail(FailureKind::network);
    }
  }
  exchange_->send();
}

void HttpCheck::drop() {
  if (exchange_ != nullptr) HttpExchange::close(std::move(exchange_));
}

void HttpCheck::fill_request(http::HeaderMap& headers) {
  Arena& arena = headers.arena();
  headers.add(HeaderId::method, http().method);
  headers.add(HeaderId::scheme, connector_.secure(endpoint()) ? "https" : "http");
  headers.add(HeaderId::authority,
              arena.copy(check_authority(http().host, endpoint(), *context().cluster)));
  headers.add(HeaderId::path, http().path);
  headers.add(HeaderId::user_agent, "Envoy/HC");
  apply(http().headers, headers, arena);
}

HttpCheck::Verdict HttpCheck::judge(const HttpAnswer& answer) const {
  uint64_t status = 0;
  http::parse_decimal(answer.headers->get(HeaderId::status), status);
  bool good = in_ranges(http().expected, static_cast<int>(status));
  bool body = http().receive.empty() || matches_in_order(http().receive, answer.body);
  if (!good || !body) {
    if (answer.headers->find(HeaderId::x_envoy_immediate_health_check_fail) != nullptr)
      host()->set(HealthFlag::kExcludedByAnswer);
    bool retriable = body && in_ranges(http().retriable, static_cast<int>(status));
    return retriable ? Verdict::retriable : Verdict::bad;
  }
  if (http().service_name && verifies()) {
    context()
        .cluster->health_check_stats->local<HealthCheckStats>(StatsScope::kMainThread)
        .verify_cluster.inc();
    if (!http().service_name->matches(
            answer.headers->get("x-envoy-upstream-healthchecked-cluster")))
      return Verdict::bad;
  }
  return answer.headers->find(HeaderId::x_envoy_degraded) != nullptr ? Verdict::degraded
                                                                     : Verdict::good;
}

bool HttpCheck::verifies() const {
  const auto& runtime = context().runtime;
  if (runtime == nullptr) return true;
  return context().random() % 100 < runtime->number("health_check.verify_cluster", 100);
}

void HttpCheck::on_answer(const HttpAnswer& answer) {
  Verdict verdict = judge(answer);
  if (!check().reuse_connection || !answer.reusable) drop();
  switch (verdict) {
    case Verdict::good:
      return succeed(false);
    case Verdict::degraded:
      return succeed(true);
    case Verdict::bad:
      return fail(FailureKind::active);
    case Verdict::retriable:
      return fail(FailureKind::active, true);
  }
}

void HttpCheck::on_no_answer() {
  drop();
  fail(FailureKind::network);
}

}  // namespace outrigger::health
