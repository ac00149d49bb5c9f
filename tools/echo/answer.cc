#include "tools/echo/answer.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

namespace outrigger::echo {
namespace {

constexpr std::chrono::milliseconds kLongestDelay =
    std::chrono::minutes(1);  // a mistyped delay is not a leak

// The number after "name=" in the query; `otherwise` if it is absent or no number.
uint64_t number_in(std::string_view query, std::string_view name, uint64_t otherwise) {
  while (!query.empty()) {
    std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (!part.starts_with(name) || part.size() <= name.size() || part[name.size()] != '=') continue;
    part.remove_prefix(name.size() + 1);
    uint64_t number = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error == std::errc() && end == part.data() + part.size()) return number;
  }
  return otherwise;
}

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void write(Writer& json, const char* key, std::string_view value) {
  json.Key(key);
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

std::string as_json(const Request& request, std::string_view name) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  json.SetIndent(' ', 1);
  json.StartObject();
  write(json, "name", name);
  write(json, "method", request.method);
  write(json, "path", request.target);
  write(json, "protocol", request.protocol);
  json.Key("body_bytes");
  json.Uint64(request.body_bytes);
  json.Key("headers");
  json.StartArray();
  for (const auto& [key, value] : request.headers) {
    std::string line = fmt::format("{}: {}", key, value);
    json.String(line.data(), static_cast<rapidjson::SizeType>(line.size()));
  }
  json.EndArray();
  json.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

}  // namespace

Answer answer_to(const Request& request, std::string_view name) {
  std::string_view target = request.target;
  size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);

  Answer answer;
  uint64_t status = number_in(query, "status", 200);
  answer.status = status >= 200 && status <= 599 ? static_cast<unsigned>(status) : 400;
  auto delay = number_in(query, "delay_ms", 0);
  answer.delay = std::min(
      kLongestDelay, std::chrono::milliseconds(std::min<uint64_t>(delay, kLongestDelay.count())));
  answer.close = number_in(query, "close", 0) != 0;
  answer.filler_bytes = number_in(query, "size", 0);
  if (answer.filler_bytes > 0 || path == "/") {
    answer.content_type = "text/plain";
    if (answer.filler_bytes == 0) answer.body = fmt::format("hello from {}\n", name);
  } else {
    answer.body = as_json(request, name);
  }
  return answer;
}

}  // namespace outrigger::echo
