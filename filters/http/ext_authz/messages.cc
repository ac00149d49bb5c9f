#include "filters/http/ext_authz/messages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "google/protobuf/struct.pb.h"

#include "envoy/service/auth/v3/external_auth.pb.h"

#include "api/config/route.h"

// The older forms of an answer are still sent.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::filters::ext_authz {
namespace {

namespace pb = envoy::service::auth::v3;
using envoy::config::core::v3::HeaderValueOption;
using google::protobuf::RepeatedPtrField;
using google::protobuf::Struct;
using google::protobuf::Value;
using http::HeaderId;
using Action = FieldEdit::Action;
using Options = RepeatedPtrField<HeaderValueOption>;

// A protobuf string is UTF-8; header values and bodies need not be.
std::string as_utf8(std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size();) {
    auto first = static_cast<unsigned char>(out[i]);
    size_t length = first < 0x80                    ? 1
                    : first >= 0xc2 && first < 0xe0 ? 2
                    : (first & 0xf0) == 0xe0        ? 3
                    : first >= 0xf0 && first < 0xf5 ? 4
                                                    : 0;
    bool good = length != 0 && i + length <= out.size();
    for (size_t k = 1; good && k < length; ++k) {
      good = (static_cast<unsigned char>(out[i + k]) & 0xc0) == 0x80;
    }
    auto second = good && length > 1 ? static_cast<unsigned char>(out[i + 1]) : 0x90;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90)) {
      good = length == 1;
    }
    if (good) {
      i += length;
    } else {
      out[i++] = '!';
    }
  }
  return out;
}

void fill(const MetadataStruct& from, Struct& to);

void fill(const MetadataValue& from, Value& to) {
  if (const std::string* text = from.string()) {
    to.set_string_value(as_utf8(*text));
  } else if (const MetadataStruct* object = from.object()) {
    fill(*object, *to.mutable_struct_value());
  } else if (const double* number = std::get_if<double>(&from.get())) {
    to.set_number_value(*number);
  } else if (const bool* flag = std::get_if<bool>(&from.get())) {
    to.set_bool_value(*flag);
  } else if (const auto* list = std::get_if<MetadataList>(&from.get())) {
    to.mutable_list_value();
    for (const MetadataValue& element : *list) {
      fill(element, *to.mutable_list_value()->add_values());
    }
  } else {
    to.set_null_value(google::protobuf::NULL_VALUE);
  }
}

void fill(const MetadataStruct& from, Struct& to) {
  for (const auto& [key, value] : from.members()) {
    fill(value, (*to.mutable_fields())[as_utf8(key)]);
  }
}

MetadataValue read(const Value& from);

MetadataStruct read(const Struct& from) {
  MetadataStruct out;
  for (const auto& [key, value] : from.fields()) out[key] = read(value);
  return out;
}

MetadataValue read(const Value& from) {
  switch (from.kind_case()) {
    case Value::kBoolValue:
      return MetadataValue(from.bool_value());
    case Value::kNumberValue:
      return MetadataValue(from.number_value());
    case Value::kStringValue:
      return MetadataValue(from.string_value());
    case Value::kStructValue:
      return MetadataValue(read(from.struct_value()));
    case Value::kListValue: {
      MetadataList list;
      for (const Value& element : from.list_value().values()) list.push_back(read(element));
      return MetadataValue(std::move(list));
    }
    default:
      return MetadataValue();
  }
}

void fill_address(const net::Address& from, envoy::config::core::v3::Address& to) {
  if (from.is_unix()) {
    to.mutable_pipe()->set_path(from.ip_text());
  } else if (from.is_ip()) {
    to.mutable_socket_address()->set_address(from.ip_text());
    to.mutable_socket_address()->set_port_value(from.port());
  }
}

std::string principal_of(const CertificateInfo* certificate) {
  if (certificate == nullptr) return {};
  if (!certificate->uri_sans.empty()) return certificate->uri_sans.front();
  if (!certificate->dns_sans.empty()) return certificate->dns_sans.front();
  return certificate->subject;
}

void fill_peers(FilterContext& context, const Settings& settings, pb::AttributeContext& out) {
  const DownstreamConnectionInfo& connection = *context.info().connection;
  fill_address(context.info().downstream_remote, *out.mutable_source()->mutable_address());
  fill_address(connection.local, *out.mutable_destination()->mutable_address());
  out.mutable_source()->set_service(
      as_utf8(context.request_headers().get(HeaderId::x_envoy_downstream_service_cluster)));
  if (connection.tls == nullptr) return;
  out.mutable_source()->set_principal(as_utf8(principal_of(connection.tls->peer())));
  out.mutable_destination()->set_principal(as_utf8(principal_of(connection.tls->local())));
  if (settings.include_peer_certificate) {
    const CertificateInfo* peer = connection.tls->peer_with_pem();
    if (peer != nullptr) out.mutable_source()->set_certificate(peer->pem);
  }
  if (settings.include_tls_session) {
    out.mutable_tls_session()->set_sni(connection.requested_server_name);
  }
}

std::string_view protocol_name(std::optional<http::Protocol> protocol) {
  if (!protocol) return {};
  switch (*protocol) {
    case http::Protocol::http10:
      return "HTTP/1.0";
    case http::Protocol::http11:
      return "HTTP/1.1";
    case http::Protocol::http2:
      return "HTTP/2";
  }
  return {};
}

void fill_headers(const http::HeaderMap& request, const Settings& settings,
                  pb::AttributeContext::HttpRequest& out) {
  auto& headers = *out.mutable_headers();
  for (const http::HeaderField& field : request.fields()) {
    if (!settings.shows_header(field.name)) continue;
    std::string name(field.name);
    auto found = headers.find(name);
    if (found == headers.end()) {
      headers[name] = as_utf8(field.value);
    } else {
      found->second += "," + as_utf8(field.value);
    }
  }
}

void fill_request(FilterContext& context, const Settings& settings, const BodyRule* rule,
                  const ShownBody& body, pb::AttributeContext::Request& out) {
  const StreamInfo& info = context.info();
  const http::HeaderMap& request = context.request_headers();
  auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(info.start_time.time_since_epoch());
  out.mutable_time()->set_seconds(since.count() / 1'000'000);
  out.mutable_time()->set_nanos(static_cast<int32_t>(since.count() % 1'000'000) * 1000);
  auto& http = *out.mutable_http();
  http.set_id(std::to_string(context.random()));
  http.set_method(as_utf8(request.get(HeaderId::method)));
  http.set_path(as_utf8(request.get(HeaderId::path)));
  http.set_host(as_utf8(request.get(HeaderId::authority)));
  http.set_scheme(as_utf8(request.get(HeaderId::scheme)));
  http.set_size(static_cast<int64_t>(info.request_body_bytes));
  http.set_protocol(std::string(protocol_name(info.protocol)));
  fill_headers(request, settings, http);
  if (!body.shown) return;
  if (rule != nullptr && rule->as_bytes) {
    http.set_raw_body(std::string(body.text));
  } else {
    http.set_body(as_utf8(body.text));
  }
  (*http.mutable_headers())["x-envoy-auth-partial-body"] = body.partial ? "true" : "false";
}

// Of the connection first: a request's is nearer.
void fill_metadata(FilterContext& context, const std::vector<std::string>& namespaces,
                   envoy::config::core::v3::Metadata& out) {
  const auto& connection = context.info().connection->extras;
  const auto& stream = context.info().extras;
  for (const std::string& name : namespaces) {
    const MetadataValue* found = stream == nullptr ? nullptr : stream->metadata.filters.find(name);
    if (found == nullptr && connection != nullptr) found = connection->metadata.filters.find(name);
    if (found != nullptr && found->object() != nullptr) {
      fill(*found->object(), (*out.mutable_filter_metadata())[name]);
    }
  }
}

void fill_route_metadata(FilterContext& context, const std::vector<std::string>& namespaces,
                         envoy::config::core::v3::Metadata& out) {
  const config::Route* route = context.route();
  for (const std::string& name : namespaces) {
    const MetadataValue* found = route == nullptr ? nullptr : route->metadata.filters.find(name);
    if (found != nullptr && found->object() != nullptr) {
      fill(*found->object(), (*out.mutable_filter_metadata())[name]);
    }
  }
}

// `otherwise`: what an option that does not say means in its place.
Action action_of(const HeaderValueOption& option, Action appended, Action otherwise) {
  if (option.has_append()) return option.append().value() ? appended : otherwise;
  return otherwise;
}

void read_request_fields(const Options& options, std::vector<FieldEdit>& out) {
  for (const HeaderValueOption& option : options) {
    out.push_back({action_of(option, Action::append_to_value, Action::set),
                   absl::AsciiStrToLower(option.header().key()), option.header().value()});
  }
}

void read_response_fields(const Options& options, std::vector<FieldEdit>& out) {
  for (const HeaderValueOption& option : options) {
    Action action = Action::add;
    if (option.has_append()) {
      action = option.append().value() ? Action::add : Action::set;
    } else {
      switch (option.append_action()) {
        case HeaderValueOption::ADD_IF_ABSENT:
          action = Action::add_if_absent;
          break;
        case HeaderValueOption::OVERWRITE_IF_EXISTS:
          action = Action::set_if_present;
          break;
        case HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD:
          action = Action::set;
          break;
        default:
          break;
      }
    }
    out.push_back({action, absl::AsciiStrToLower(option.header().key()), option.header().value()});
  }
}

void read_ok(const pb::CheckResponse& response, Answer& answer) {
  answer.status = Answer::Status::ok;
  const pb::OkHttpResponse& ok = response.ok_response();
  read_request_fields(ok.headers(), answer.request);
  for (const std::string& name : ok.headers_to_remove()) {
    answer.request_remove.push_back(absl::AsciiStrToLower(name));
  }
  read_response_fields(ok.response_headers_to_add(), answer.response);
  for (const auto& parameter : ok.query_parameters_to_set()) {
    answer.query_set.emplace_back(parameter.key(), parameter.value());
  }
  answer.query_remove.assign(ok.query_parameters_to_remove().begin(),
                             ok.query_parameters_to_remove().end());
}

void read_denied(const pb::DeniedHttpResponse& denied, Answer& answer) {
  if (denied.has_status() && denied.status().code() != 0) {
    answer.code = static_cast<int>(denied.status().code());
  }
  answer.body = denied.body();
  for (const HeaderValueOption& option : denied.headers()) {
    answer.reply.push_back(
        {Action::add, absl::AsciiStrToLower(option.header().key()), option.header().value()});
  }
}

}  // namespace

std::string make_check_message(FilterContext& context, const Settings& settings,
                               const BodyRule* rule, const ShownBody& body,
                               const std::map<std::string, std::string>& context_extensions) {
  pb::CheckRequest request;
  pb::AttributeContext& attributes = *request.mutable_attributes();
  fill_peers(context, settings, attributes);
  fill_request(context, settings, rule, body, *attributes.mutable_request());
  fill_metadata(context, settings.metadata_namespaces, *attributes.mutable_metadata_context());
  fill_route_metadata(context, settings.route_metadata_namespaces,
                      *attributes.mutable_route_metadata_context());
  for (const auto& [key, value] : context_extensions) {
    (*attributes.mutable_context_extensions())[key] = value;
  }
  return request.SerializeAsString();
}

Answer read_check_message(std::string_view octets) {
  Answer answer;
  pb::CheckResponse response;
  if (!response.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) return answer;
  if (response.has_error_response()) {
    answer.has_reply = true;
    read_denied(response.error_response(), answer);
    return answer;
  }
  if (response.status().code() == 0) {
    read_ok(response, answer);
  } else {
    answer.status = Answer::Status::denied;
    read_denied(response.denied_response(), answer);
  }
  // The older place of dynamic metadata is inside the answer.
  answer.metadata =
      read(response.has_dynamic_metadata() ? response.dynamic_metadata()
                                           : response.ok_response().dynamic_metadata());
  return answer;
}

}  // namespace outrigger::filters::ext_authz
