// The service is asked, and what it says is done; without its answer nobody passes.
#include "envoy/extensions/filters/http/ext_authz/v3/ext_authz.pb.h"
#include "envoy/service/auth/v3/external_auth.pb.h"

#include "api/stats_cluster.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::ext_authz::v3::ExtAuthz;
using envoy::extensions::filters::http::ext_authz::v3::ExtAuthzPerRoute;
using envoy::service::auth::v3::CheckRequest;
using envoy::service::auth::v3::CheckResponse;

class ExtAuthzTest : public FilterTest {
 protected:
  ExtAuthzTest() { context.info().connection = &connection; }

  Verdict request(const std::string& config, const Headers& more = {}, bool end = true) {
    Headers headers{{":method", "GET"},          {":path", "/x?q=1"},         {":scheme", "http"},
                    {":authority", "a.example"}, {"authorization", "secret"}, {"x-other", "1"}};
    headers.insert(headers.end(), more.begin(), more.end());
    filter = &make<ExtAuthz>(config);
    return filter->on_request_headers(context, context.make_request(headers), end);
  }
  const http::AsyncRequest& asked() { return context.http.calls.back()->request; }
  static std::string field(const http::AsyncRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "(none)";
  }
  CheckRequest checked() {
    CheckRequest message;
    EXPECT_TRUE(message.ParseFromString(context.grpc.calls.back()->sent.at(0)));
    return message;
  }
  void answer(const std::string& text) {
    context.grpc.answer(context.grpc.calls.size() - 1,
                        parse<CheckResponse>(text).SerializeAsString());
  }
  std::string header(std::string_view name) {
    return std::string(context.request_headers().get(name));
  }
  const MetadataStruct* metadata() {
    const auto& extras = context.info().extras;
    const MetadataValue* found =
        extras == nullptr ? nullptr : extras->metadata.find("envoy.filters.http.ext_authz", {});
    return found == nullptr ? nullptr : found->object();
  }

  DownstreamConnectionInfo connection;
  HttpFilter* filter = nullptr;
  const std::string http_config =
      "http_service { server_uri { uri: 'http://x' cluster: 'auth' timeout { seconds: 2 } } "
      "path_prefix: '/check' authorization_request { headers_to_add { key: 'X-Added' value: 'v' } "
      "} "
      "authorization_response { "
      "allowed_upstream_headers { patterns { prefix: 'x-up' } } "
      "allowed_upstream_headers_to_append { patterns { exact: 'x-other' } } "
      "allowed_client_headers_on_success { patterns { exact: 'x-ok' } } "
      "dynamic_metadata_from_headers { patterns { exact: 'x-md' } } } } ";
  const std::string grpc_config =
      "transport_api_version: V3 "
      "grpc_service { envoy_grpc { cluster_name: 'auth' } } ";
};

TEST_F(ExtAuthzTest, AsksTheHttpServiceOnlyWhatItNeeds) {
  EXPECT_EQ(request(http_config).kind(), Kind::wait);
  EXPECT_EQ(asked().cluster.name, "auth");
  EXPECT_EQ(asked().timeout, std::chrono::seconds(2));
  EXPECT_EQ(field(asked(), ":path"), "/check/x?q=1");
  EXPECT_EQ(field(asked(), ":authority"), "a.example");
  EXPECT_EQ(field(asked(), "authorization"), "secret");
  EXPECT_EQ(field(asked(), "x-other"), "(none)");
  EXPECT_EQ(field(asked(), "x-added"), "v");
  EXPECT_EQ(field(asked(), "content-length"), "0");
}

TEST_F(ExtAuthzTest, ShowsTheHeadersThatAreAllowed) {
  request(http_config +
              "allowed_headers { patterns { prefix: 'x-' } } "
              "disallowed_headers { patterns { exact: 'x-secret' } }",
          {{"x-secret", "1"}, {"x-two", "a"}, {"x-two", "b"}});
  EXPECT_EQ(field(asked(), "x-other"), "1");
  EXPECT_EQ(field(asked(), "x-two"), "a,b");
  EXPECT_EQ(field(asked(), "x-secret"), "(none)");
}

TEST_F(ExtAuthzTest, DoesWhatA200Says) {
  request(http_config, {{"x-remove", "1"}, {"x-up-b", "client's"}});
  context.http.answer(0, 200,
                      {{"x-up-a", "1"},
                       {"x-up-b", "2"},
                       {"x-other", "3"},
                       {"x-ok", "4"},
                       {"x-md", "5"},
                       {"x-not", "6"},
                       {"x-envoy-auth-headers-to-remove", "X-Remove, :path, host"}});
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(header("x-up-a"), "1");
  EXPECT_EQ(header("x-up-b"), "2");
  EXPECT_EQ(context.request_headers().count("x-other"), 2u);
  EXPECT_EQ(header("x-not"), "");
  EXPECT_EQ(header("x-remove"), "");
  EXPECT_EQ(header(":path"), "/x?q=1");
  EXPECT_EQ(*metadata()->find("x-md")->string(), "5");
  http::HeaderMap& response = context.make_response({{":status", "200"}});
  filter->on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-ok"), "4");
  EXPECT_EQ(stat("http.ingress.ext_authz.ok"), 1);
}

TEST_F(ExtAuthzTest, PassesADenialOn) {
  request(http_config);
  context.http.answer(0, 401, {{"www-authenticate", "x"}, {"set-cookie", "a"}, {"set-cookie", "b"}},
                      "no");
  ASSERT_EQ(context.replies.size(), 1u);
  const LocalReply& reply = context.replies[0];
  EXPECT_EQ(reply.code, 401);
  EXPECT_EQ(reply.body, "no");
  EXPECT_EQ(reply.headers->get("www-authenticate"), "x");
  EXPECT_EQ(reply.headers->count("set-cookie"), 2u);
  EXPECT_EQ(reply.outcome.details, "ext_authz_denied");
  EXPECT_TRUE(reply.outcome.flags.has(ResponseFlag::unauthorized_external_service));
  EXPECT_EQ(stat("http.ingress.ext_authz.denied"), 1);
}

TEST_F(ExtAuthzTest, WithoutAnAnswerNobodyPasses) {
  for (const auto& config :
       {http_config, http_config + "status_on_error { code: ServiceUnavailable }"}) {
    request(config);
    context.http.fail(context.http.calls.size() - 1, http::AsyncFailure::timeout);
  }
  request(http_config);
  context.http.answer(2, 500);
  ASSERT_EQ(context.replies.size(), 3u);
  EXPECT_EQ(context.replies[0].code, 403);
  EXPECT_EQ(context.replies[0].outcome.details, "ext_authz_error");
  EXPECT_EQ(context.replies[1].code, 503);
  EXPECT_EQ(context.replies[2].code, 403);
  EXPECT_EQ(context.request_resumes, 0u);
  EXPECT_EQ(stat("http.ingress.ext_authz.error"), 3);
}

TEST_F(ExtAuthzTest, FailuresMayBeAllowed) {
  request(http_config + "failure_mode_allow: true failure_mode_allow_header_add: true");
  context.http.fail(0, http::AsyncFailure::reset);
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(header("x-envoy-auth-failure-mode-allowed"), "true");
  EXPECT_EQ(stat("http.ingress.ext_authz.failure_mode_allowed"), 1);
}

TEST_F(ExtAuthzTest, TellsTheGrpcServiceAboutTheRequest) {
  context.info().downstream_remote = *net::Address::from_ip("10.1.2.3", 99);
  connection.local = *net::Address::from_ip("10.0.0.1", 80);
  context.info().protocol = http::Protocol::http2;
  context.info().make_extras(context.arena()).metadata.of("a.b")["k"] =
      MetadataValue(std::string("v"));
  context.levels = {
      route_config<ExtAuthzPerRoute>(
          "check_settings { context_extensions { key: 'a' value: '1' } context_extensions { key: "
          "'b' value: '1' } }"),
      route_config<ExtAuthzPerRoute>(
          "check_settings { context_extensions { key: 'b' value: '2' } }")};
  EXPECT_EQ(request(grpc_config + "metadata_context_namespaces: 'a.b'",
                    {{"x-raw", "\xff"}, {"x-envoy-auth-partial-body", "true"}})
                .kind(),
            Kind::wait);
  EXPECT_EQ(context.grpc.calls[0]->cluster, "auth");
  EXPECT_EQ(context.grpc.calls[0]->method, "/envoy.service.auth.v3.Authorization/Check");
  EXPECT_EQ(context.grpc.calls[0]->options.timeout, std::chrono::milliseconds(200));
  EXPECT_TRUE(context.grpc.calls[0]->sending_closed);
  CheckRequest message = checked();
  const auto& attributes = message.attributes();
  EXPECT_EQ(attributes.source().address().socket_address().address(), "10.1.2.3");
  EXPECT_EQ(attributes.destination().address().socket_address().port_value(), 80u);
  const auto& http = attributes.request().http();
  EXPECT_EQ(http.method(), "GET");
  EXPECT_EQ(http.path(), "/x?q=1");
  EXPECT_EQ(http.host(), "a.example");
  EXPECT_EQ(http.protocol(), "HTTP/2");
  EXPECT_EQ(http.headers().at("x-other"), "1");
  EXPECT_EQ(http.headers().at(":path"), "/x?q=1");
  EXPECT_EQ(http.headers().at("x-raw"), "!");
  EXPECT_EQ(http.headers().count("x-envoy-auth-partial-body"), 0u);
  EXPECT_EQ(attributes.context_extensions().at("a"), "1");
  EXPECT_EQ(attributes.context_extensions().at("b"), "2");
  EXPECT_EQ(
      attributes.metadata_context().filter_metadata().at("a.b").fields().at("k").string_value(),
      "v");
}

TEST_F(ExtAuthzTest, DoesWhatTheGrpcServiceSays) {
  request(grpc_config + "clear_route_cache: true", {{"x-gone", "1"}});
  answer(
      "status {} ok_response { headers { header { key: 'X-Set' value: '1' } } "
      "headers { header { key: 'x-other' value: '2' } append { value: true } } "
      "headers { header { key: 'bad name' value: '1' } } "
      "headers_to_remove: 'X-Gone' "
      "response_headers_to_add { header { key: 'x-r' value: '3' } } "
      "query_parameters_to_set { key: 'n' value: '1' } query_parameters_to_remove: 'q' } "
      "dynamic_metadata { fields { key: 'who' value { string_value: 'me' } } }");
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(context.routes_cleared, 1u);
  EXPECT_EQ(header("x-set"), "1");
  EXPECT_EQ(header("x-other"), "1,2");
  EXPECT_EQ(header("bad name"), "");
  EXPECT_EQ(header("x-gone"), "");
  EXPECT_EQ(header(":path"), "/x?n=1");
  EXPECT_EQ(*metadata()->find("who")->string(), "me");
  EXPECT_NE(metadata()->find("ext_authz_duration"), nullptr);
}

TEST_F(ExtAuthzTest, TheGrpcServiceDenies) {
  request(grpc_config);
  answer("status { code: 7 }");
  request(grpc_config);
  answer(
      "status { code: 16 } denied_response { status { code: Unauthorized } body: 'who?' "
      "headers { header { key: 'X-Why' value: 'because' } } }");
  ASSERT_EQ(context.replies.size(), 2u);
  EXPECT_EQ(context.replies[0].code, 403);
  EXPECT_EQ(context.replies[0].body, "");
  EXPECT_EQ(context.replies[1].code, 401);
  EXPECT_EQ(context.replies[1].body, "who?");
  EXPECT_EQ(context.replies[1].headers->get("x-why"), "because");
}

TEST_F(ExtAuthzTest, ABrokenGrpcAnswerIsNone) {
  request(grpc_config);
  context.grpc.answer(0, "\xff\xff\xff");
  request(grpc_config);
  context.grpc.fail(1, grpc::Code::unavailable);
  request(grpc_config);
  context.grpc.fail(2, grpc::Code::ok);  // without a message
  ASSERT_EQ(context.replies.size(), 3u);
  for (const LocalReply& reply : context.replies) EXPECT_EQ(reply.code, 403);
}

TEST_F(ExtAuthzTest, InvalidMutationsMayBeRefused) {
  request(grpc_config + "validate_mutations: true");
  answer("status {} ok_response { headers { header { key: 'x' value: 'a\\nb' } } }");
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].code, 500);
  EXPECT_EQ(stat("http.ingress.ext_authz.invalid"), 1);
}

TEST_F(ExtAuthzTest, IstioAsksOnlyWhereAShadowPolicyMatched) {
  std::string config = grpc_config +
                       "filter_enabled_metadata { filter: 'envoy.filters.http.rbac' path { key: "
                       "'istio_ext_authz_shadow_effective_policy_id' } value { string_match { "
                       "prefix: 'istio-ext-authz' } } }";
  EXPECT_EQ(request(config).kind(), Kind::next);
  EXPECT_EQ(stat("http.ingress.ext_authz.disabled"), 1);
  context.info()
      .make_extras(context.arena())
      .metadata.of("envoy.filters.http.rbac")["istio_ext_authz_shadow_effective_policy_id"] =
      MetadataValue(std::string("istio-ext-authz-ns[a]"));
  EXPECT_EQ(request(config).kind(), Kind::wait);
}

TEST_F(ExtAuthzTest, MayBeOff) {
  EXPECT_EQ(request(http_config + "filter_enabled { default_value { numerator: 0 } }").kind(),
            Kind::next);
  Verdict verdict = request(http_config +
                            "filter_enabled { default_value { numerator: 0 } } "
                            "deny_at_disable { default_value { value: true } "
                            "runtime_key: 'deny' }");
  EXPECT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 403);
  context.levels = {route_config<ExtAuthzPerRoute>("disabled: true")};
  EXPECT_EQ(request(http_config).kind(), Kind::next);
  EXPECT_TRUE(context.http.calls.empty());
}

TEST_F(ExtAuthzTest, ShowsTheWholeBody) {
  EXPECT_EQ(request(http_config + "with_request_body { max_request_bytes: 10 }", {}, false).kind(),
            Kind::hold);
  EXPECT_EQ(context.buffer_limit, 10u);
  EXPECT_EQ(filter->on_request_body(context, "12345", false).kind(), Kind::hold);
  context.held_request = "12345";
  EXPECT_EQ(filter->on_request_body(context, "678", true).kind(), Kind::wait);
  EXPECT_EQ(asked().body, "12345678");
  EXPECT_EQ(field(asked(), "x-envoy-auth-partial-body"), "false");
}

TEST_F(ExtAuthzTest, ABodyThatIsTooLargeIsRefused) {
  request(http_config + "with_request_body { max_request_bytes: 4 }", {}, false);
  EXPECT_EQ(filter->on_request_body(context, "12345", true).local_reply().code, 413);
}

TEST_F(ExtAuthzTest, ShowsTheBeginningOfALongBody) {
  request(grpc_config +
              "with_request_body { max_request_bytes: 4 allow_partial_message: true "
              "pack_as_bytes: true }",
          {}, false);
  EXPECT_EQ(filter->on_request_body(context, "12345", false).kind(), Kind::wait);
  EXPECT_EQ(checked().attributes().request().http().raw_body(), "1234");
  EXPECT_EQ(checked().attributes().request().http().headers().at("x-envoy-auth-partial-body"),
            "true");
}

TEST_F(ExtAuthzTest, AStreamThatEndsCancelsTheCheck) {
  request(http_config);
  filter->on_stream_end(context);
  EXPECT_EQ(context.http.calls[0]->handler, nullptr);
  request(grpc_config);
  filter->on_stream_end(context);
  EXPECT_EQ(context.grpc.calls[0]->handler, nullptr);
}

TEST_F(ExtAuthzTest, SaysWhatIsWrongWithItsConfiguration) {
  EXPECT_EQ(try_compile<ExtAuthz>("").status().message(),
            "grpc_service: one of grpc_service and http_service must be set");
  EXPECT_EQ(try_compile<ExtAuthz>("http_service { path_prefix: 'x' }").status().message(),
            "http_service.path_prefix: 'x' must begin with '/'");
}

}  // namespace
}  // namespace outrigger::filters::test
