#include "proxy/route/match_source.h"

#include <xxhash.h>

#include "api/config/stream_conditions.h"
#include "proxy/route/query.h"

namespace outrigger::route {
namespace {

std::optional<std::string_view> header_value(const http::HeaderMap& headers, std::string_view name,
                                             std::string& scratch) {
  const http::HeaderField* first = nullptr;
  bool several = false;
  for (const http::HeaderField& field : headers.fields()) {
    if (field.name != name) continue;
    if (first == nullptr) {
      first = &field;
      continue;
    }
    if (!several) scratch.assign(first->value);
    several = true;
    scratch += ',';
    scratch += field.value;
  }
  if (first == nullptr) return std::nullopt;
  return several ? std::string_view(scratch) : first->value;
}

// Of the code, "4xx" for all of one hundred.
std::optional<std::string_view> status_value(const http::HeaderMap& response, bool only_class,
                                             std::string& scratch) {
  std::string_view code = response.get(http::HeaderId::status);
  if (code.size() != 3) return std::nullopt;
  if (!only_class) return code;
  scratch = {code.front(), 'x', 'x'};
  return scratch;
}

std::optional<std::string_view> response_value(const http::HeaderMap& response,
                                               const config::MatchInput& input,
                                               std::string& scratch) {
  using Kind = config::MatchInput::Kind;
  if (input.kind == Kind::response_header) return header_value(response, input.name, scratch);
  return status_value(response, input.kind == Kind::response_status_class, scratch);
}

}  // namespace

std::optional<std::string_view> RequestSource::value(const config::MatchInput& input,
                                                     std::string& scratch) const {
  using Kind = config::MatchInput::Kind;
  if (input.kind == Kind::request_header) return header_value(headers_, input.name, scratch);
  if (input.kind == Kind::query_parameter) {
    auto found = decoded_query_value(headers_.get(http::HeaderId::path), input.name);
    if (!found) return std::nullopt;
    scratch = *std::move(found);
    return scratch;
  }
  if (input.of_response()) {
    if (response_ == nullptr) return std::nullopt;
    return response_value(*response_, input, scratch);
  }
  if (info_ == nullptr || info_->connection == nullptr) return std::nullopt;
  if (input.kind == Kind::filter_state) {
    const std::string* found = config::find_filter_state(*info_, input.name);
    return found == nullptr ? std::nullopt : std::optional<std::string_view>(*found);
  }
  return config::connection_value(input, *info_->connection, info_->downstream_remote, scratch);
}

const net::Address* RequestSource::address(const config::MatchInput& input) const {
  if (info_ == nullptr || info_->connection == nullptr) return nullptr;
  return config::connection_address(input, *info_->connection, info_->downstream_remote);
}

bool RequestSource::chosen(const config::RuntimeFraction& fraction, std::string_view value,
                           uint64_t seed) const {
  uint64_t hash = XXH64(value.data(), value.size(), seed);
  return fractions_ != nullptr ? fractions_->chosen(fraction, hash)
                               : chosen_by_default(fraction, hash);
}

}  // namespace outrigger::route
