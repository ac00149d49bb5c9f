// Access-log formats over hostile requests: a text line stays one line, a JSON line stays one valid
// document, a header's value stays one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/src.hpp>

#include "api/arena.h"
#include "api/config/substitution.h"
#include "api/http/header_map.h"
#include "proxy/observe/substitution.h"
#include <fuzzer/FuzzedDataProvider.h>

namespace outrigger::observe {
namespace {

using config::JsonFormat;
using config::LogCommand;
using config::LogField;

constexpr size_t kMaxValue = 300;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_one_line(std::string_view text) {
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if ((octet < 0x20 && c != '\t') || octet == 0x7f) return false;
  }
  return true;
}

LogCommand any_command(FuzzedDataProvider& data, int depth = 2) {
  static constexpr const char* kArguments[] = {"x-evil", ":path", "user-agent", "NQ:PATH",
                                               "%s.%3f", "a",     "%n%t",       "SNAKE_STRING"};
  LogCommand command;
  auto last = static_cast<unsigned>(LogField::cause);
  command.field = static_cast<LogField>(data.ConsumeIntegralInRange<unsigned>(1, last));
  command.text = data.PickValueInArray(kArguments);
  if (data.ConsumeBool()) command.max_length = data.ConsumeIntegralInRange<uint32_t>(0, 64);
  command.upstream = data.ConsumeBool();
  auto last_tls = static_cast<unsigned>(config::LogTls::ja4);
  command.tls = static_cast<config::LogTls>(data.ConsumeIntegralInRange<unsigned>(0, last_tls));
  command.metadata = config::LogMetadata::dynamic;
  static constexpr const char* kKeys[] = {"f", "text", "list", "number", "none"};
  for (int i = data.ConsumeIntegralInRange(0, 2); i > 0; --i)
    command.path.push_back(i == 2 ? "f" : data.PickValueInArray(kKeys));
  if (data.ConsumeBool()) command.prefix_length = data.ConsumeIntegralInRange<uint8_t>(0, 128);
  if (command.field == LogField::coalesce && depth > 0) {
    for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i)
      command.operators.push_back(any_command(data, depth - 1));
  }
  return command;
}

JsonFormat any_json(FuzzedDataProvider& data, int depth) {
  switch (depth == 0 ? 0 : data.ConsumeIntegralInRange(0, 3)) {
    case 0:
      return {config::SubstitutionFormat{any_command(data)}};
    case 1:
      return {config::SubstitutionFormat{any_command(data), any_command(data)}};
    case 2: {
      JsonFormat::List list;
      for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i) {
        list.push_back(any_json(data, depth - 1));
      }
      return {std::move(list)};
    }
    default: {
      JsonFormat::Object object;
      for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i) {
        object.emplace_back(data.ConsumeRandomLengthString(8), any_json(data, depth - 1));
      }
      return {std::move(object)};
    }
  }
}

// Metadata as a filter may make it of what a client sent.
MetadataValue any_value(FuzzedDataProvider& data, int depth) {
  switch (data.ConsumeIntegralInRange(0, depth == 0 ? 3 : 5)) {
    case 0:
      return MetadataValue();
    case 1:
      return MetadataValue(data.ConsumeBool());
    case 2:
      return MetadataValue(data.ConsumeFloatingPoint<double>());
    case 3:
      return MetadataValue(data.ConsumeRandomLengthString(32));
    case 4: {
      MetadataList list;
      for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i)
        list.push_back(any_value(data, depth - 1));
      return MetadataValue(std::move(list));
    }
    default: {
      MetadataStruct object;
      for (int i = data.ConsumeIntegralInRange(0, 3); i > 0; --i)
        object[data.ConsumeRandomLengthString(8)] = any_value(data, depth - 1);
      return MetadataValue(std::move(object));
    }
  }
}

struct HostileTls final : TlsConnection {
  explicit HostileTls(FuzzedDataProvider& data) {
    info.subject = data.ConsumeRandomLengthString(64);
    info.uri_sans = {data.ConsumeRandomLengthString(32), data.ConsumeRandomLengthString(32)};
    info.not_after = SystemTime(std::chrono::seconds(data.ConsumeIntegral<int32_t>()));
  }
  std::string_view version() const override { return "TLSv1.3"; }
  std::string_view cipher() const override { return "TLS_AES_256_GCM_SHA384"; }
  std::string_view alpn() const override { return {}; }
  std::string_view server_name() const override { return info.subject; }
  std::string_view session_id() const override { return {}; }
  bool session_reused() const override { return false; }
  bool peer_certificate_presented() const override { return true; }
  bool peer_certificate_validated() const override { return true; }
  const CertificateInfo* peer() const override { return &info; }
  const CertificateInfo* local() const override { return &info; }

  CertificateInfo info;
};

void check(FuzzedDataProvider& data) {
  ChunkPool pool;
  Arena arena(pool);
  std::vector<std::string> values;
  for (int i = 0; i < 6; ++i) values.push_back(data.ConsumeRandomLengthString(kMaxValue));

  http::HeaderMap request(arena), response(arena);
  request.add(http::HeaderId::path, values[0]);
  request.add("x-evil", values[1]);
  request.add(http::HeaderId::user_agent, values[2]);
  request.add(http::HeaderId::content_type, data.ConsumeBool()
                                                ? std::string_view("application/grpc")
                                                : std::string_view(values[2]));
  response.add(http::HeaderId::grpc_status, values[3]);
  DownstreamConnectionInfo connection;
  connection.requested_server_name = values[4];
  StreamInfo info;
  info.connection = &connection;
  info.details = values[5];
  info.cause = values[3];
  info.request_id = values[1];
  HostileTls tls(data);
  connection.tls = &tls;
  connection.make_extras().ja3 = values[2];
  MetadataStruct& fields = connection.make_extras().metadata.of("f");
  fields["text"] = MetadataValue(values[4]);
  fields["list"] = any_value(data, 3);
  fields["number"] = any_value(data, 0);
  connection.make_extras().filter_state.set("a", values[5]);
  info.downstream_remote =
      *net::Address::from_ip(data.ConsumeBool() ? "10.1.2.3" : "2001:db8::1", 1);
  LogContext context{info};
  context.request = &request;
  context.response = data.ConsumeBool() ? &response : nullptr;
  context.local_reply_body = values[5];

  LogScratch scratch;
  std::vector<char> memory(data.ConsumeBool() ? 1 << 16 : 128);
  bool omit_empty = data.ConsumeBool();
  config::SubstitutionFormat text;
  for (int i = data.ConsumeIntegralInRange(1, 8); i > 0; --i) text.push_back(any_command(data));

  LineBuffer line(memory.data(), memory.size());
  evaluate(text, omit_empty, context, scratch, line);
  require(is_one_line(line.view()));
  require(is_one_line(evaluate_to_arena(text, context, arena)));

  config::LogFormat format;
  format.omit_empty_values = omit_empty;
  JsonFormat::Object root;
  root.emplace_back("root", any_json(data, 3));
  format.format = JsonFormat{std::move(root)};
  LineBuffer json(memory.data(), memory.size());
  evaluate(format, context, scratch, json);
  if (json.overflowed()) return;  // its writer tries again with more room
  std::string_view document = json.view();
  require(document.ends_with('\n'));
  document.remove_suffix(1);
  require(is_one_line(document) || document.find('\x7f') != std::string_view::npos);
  require(document.find('\n') == std::string_view::npos);
  boost::json::error_code error;
  boost::json::parse(boost::json::string_view(document.data(), document.size()), error);
  require(!error);
}

}  // namespace
}  // namespace outrigger::observe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  outrigger::observe::check(data);
  return 0;
}
