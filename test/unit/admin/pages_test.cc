// Each page's answer, its parameters and its errors, without a socket.
#include "proxy/admin/pages.h"

#include "absl/base/config.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "envoy/admin/v3/memory.pb.h"
#include "envoy/admin/v3/server_info.pb.h"

#include "proxy/runtime/log.h"
#include "test/unit/admin/fake_server.h"

namespace outrigger::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Pages : public ::testing::Test {
 protected:
  struct Answer {
    int status;
    std::string type;
    std::string body;
  };

  Answer ask(const std::string& method, const std::string& target) {
    Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (size_t query = target.find('?'); query != std::string::npos) {
      request.params.add(target.substr(query + 1), false);
    }
    Response response = answer(request, server_);
    Answer result{response.status, std::string(response.content_type), whole_body(response)};
    if (response.after) response.after();
    return result;
  }
  Answer get(const std::string& target) { return ask("GET", target); }
  Answer post(const std::string& target) { return ask("POST", target); }

  template <class Message>
  static Message read_json(const std::string& json) {
    Message message;
    auto status = google::protobuf::util::JsonStringToMessage(json, &message);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
    return message;
  }

  FakeServer server_;
};

TEST_F(Pages, ReadyTellsTheStateByStatusAndText) {
  EXPECT_EQ(get("/ready").body, "LIVE\n");
  EXPECT_EQ(get("/ready").status, 200);
  const std::pair<ServerState, std::string> others[] = {
      {ServerState::draining, "DRAINING\n"},
      {ServerState::initializing, "INITIALIZING\n"},
      {ServerState::pre_initializing, "PRE_INITIALIZING\n"}};
  for (const auto& [state, text] : others) {
    server_.server_state = state;
    EXPECT_EQ(get("/ready").status, 503);
    EXPECT_EQ(get("/ready").body, text);
  }
}

TEST_F(Pages, ServerInfoIsTheProtoWithDefaultsPrinted) {
  server_.proto.mutable_node()->set_id("n1");
  server_.options.set_config_path("b.yaml");
  Answer page = get("/server_info");
  EXPECT_EQ(page.type, "application/json");
  EXPECT_THAT(page.body, HasSubstr("\"service_zone\": \"\""));
  auto info = read_json<envoy::admin::v3::ServerInfo>(page.body);
  EXPECT_EQ(info.state(), envoy::admin::v3::ServerInfo::LIVE);
  EXPECT_EQ(info.version(), "abc/0.1.0/Clean/RELEASE/OpenSSL");
  EXPECT_EQ(info.uptime_current_epoch().seconds(), 42);
  EXPECT_EQ(info.uptime_all_epochs().seconds(), 42);
  EXPECT_EQ(info.hot_restart_version(), "disabled");
  EXPECT_EQ(info.command_line_options().config_path(), "b.yaml");
  EXPECT_EQ(info.node().id(), "n1");
}

TEST_F(Pages, MemoryHasPlausibleNumbers) {
  auto memory = read_json<envoy::admin::v3::Memory>(get("/memory").body);
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  EXPECT_EQ(memory.allocated(), 0u);  // AddressSanitizer's allocator keeps no such numbers
#else
  EXPECT_GT(memory.allocated(), 0u);
#endif
  EXPECT_GT(memory.total_physical_bytes(), memory.allocated() / 2);
}

TEST_F(Pages, UnknownPathsListThePages) {
  Answer page = get("/nope");
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(page.body, StartsWith("invalid path. admin commands are:\n  /: "));
  EXPECT_THAT(page.body, HasSubstr("\n  /quitquitquit (POST): exit the server\n"));
  EXPECT_EQ(get("/READY").status, 404);
  EXPECT_EQ(get("/ready/").status, 404);
  EXPECT_EQ(get("/tap").status, 404);
}

TEST_F(Pages, OnlyPostChangesAnything) {
  for (const Page& page : pages()) {
    if (!page.mutates) continue;
    std::string path = std::string(page.path) + "?x=1";
    Answer refused = get(path);
    EXPECT_EQ(refused.status, 405) << path;
    EXPECT_EQ(refused.body, "Method GET not allowed, POST required.") << path;
    EXPECT_EQ(ask("DELETE", path).body, "Method DELETE not allowed, POST required.");
  }
  EXPECT_THAT(server_.actions, IsEmpty());
}

TEST_F(Pages, ActionsReachTheServer) {
  for (const char* path :
       {"/healthcheck/fail", "/healthcheck/ok", "/reopen_logs", "/quitquitquit", "/drain_listeners",
        "/drain_listeners?graceful&skip_exit", "/drain_listeners?inboundonly"}) {
    EXPECT_EQ(post(path).status, 200) << path;
    EXPECT_EQ(post(path).body, "OK\n") << path;
  }
  EXPECT_THAT(server_.actions,
              ElementsAre("fail", "fail", "ok", "ok", "reopen", "reopen", "quit", "quit", "drain",
                          "drain", "drain graceful skip_exit", "drain graceful skip_exit",
                          "drain inbound_only", "drain inbound_only"));
}

TEST_F(Pages, QuitWaitsUntilTheAnswerHasLeft) {
  Request request{"POST", "/quitquitquit", {}};
  Response response = answer(request, server_);
  EXPECT_THAT(server_.actions, IsEmpty());
  response.after();
  EXPECT_THAT(server_.actions, ElementsAre("quit"));
}

TEST_F(Pages, ProfilersAreNotInTheBuild) {
  EXPECT_EQ(post("/cpuprofiler").body, "?enable=<y|n>\n");
  EXPECT_EQ(post("/cpuprofiler?enable=y").status, 500);
  EXPECT_EQ(post("/cpuprofiler?enable=n").status, 200);
  EXPECT_EQ(post("/allocprofiler?enable=y").status, 501);
  EXPECT_EQ(get("/heap_dump").status, 501);
  EXPECT_EQ(post("/heapprofiler?enable=y").status, 501);
  EXPECT_THAT(get("/contention").body, StartsWith("Mutex contention tracing is not enabled."));
}

TEST_F(Pages, CertsHotRestartAndInitDumpAreEmpty) {
  EXPECT_EQ(get("/certs").body, "{\n \"certificates\": []\n}\n");
  EXPECT_EQ(get("/hot_restart_version").body, "disabled");
  EXPECT_EQ(get("/init_dump").body, "{}\n");
}

TEST_F(Pages, InitDumpNamesWhatIsWaitedFor) {
  server_.unready = {{"listener l1", {"RdsRouteConfigSubscription r"}}, {"cluster c", {"eds"}}};
  EXPECT_THAT(get("/init_dump").body, HasSubstr("\"name\": \"cluster c\""));
  Answer masked = get("/init_dump?mask=listener");
  EXPECT_THAT(masked.body, HasSubstr("RdsRouteConfigSubscription r"));
  EXPECT_THAT(masked.body, Not(HasSubstr("cluster c")));
}

TEST_F(Pages, ListenersShowTheBoundAddresses) {
  auto listener = std::make_shared<config::Listener>();
  listener->name = "l1";
  server_.listening = {
      {listener, *net::Address::from_ip("127.0.0.1", 8080), {*net::Address::from_ip("::1", 81)}}};
  EXPECT_EQ(get("/listeners").body, "l1::127.0.0.1:8080\nl1::[::1]:81\n");
  EXPECT_EQ(get("/listeners?format=json").body, R"({
 "listener_statuses": [
  {
   "name": "l1",
   "local_address": {
    "socket_address": {
     "address": "127.0.0.1",
     "port_value": 8080
    }
   },
   "additional_local_addresses": [
    {
     "socket_address": {
      "address": "::1",
      "port_value": 81
     }
    }
   ]
  }
 ]
}
)");
}

TEST_F(Pages, HomeHasALinkOrAFormForEachPage) {
  server_.proto.mutable_node()->set_id("<script>");
  Answer page = get("/");
  EXPECT_EQ(page.type, "text/html; charset=UTF-8");
  EXPECT_THAT(page.body, HasSubstr("<a href=\"server_info\">"));
  EXPECT_THAT(page.body, HasSubstr("action=\"quitquitquit\" method=\"post\""));
  EXPECT_THAT(page.body, HasSubstr("action=\"stats\" method=\"get\""));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
}

class Logging : public Pages {
 protected:
  void SetUp() override { log::set_all_levels(log::Level::info); }
  void TearDown() override { log::set_all_levels(log::kDefaultLevel); }
  static log::Level level_of(const char* name) { return log::level(*log::component_of(name)); }
};

TEST_F(Logging, ListsLoggers) {
  EXPECT_THAT(post("/logging").body, StartsWith("active loggers:\n  admin: info\n"));
  EXPECT_THAT(post("/logging").body, HasSubstr("\n  upstream: info\n"));
  EXPECT_EQ(get("/logging").status, 405);  // as Envoy, even though it would change nothing
}

TEST_F(Logging, ChangesOneSeveralOrAll) {
  EXPECT_THAT(post("/logging?upstream=trace").body, HasSubstr("upstream: trace\n"));
  EXPECT_EQ(level_of("http"), log::Level::info);
  EXPECT_EQ(post("/logging?paths=http:debug,pool:error").status, 200);
  EXPECT_EQ(level_of("http"), log::Level::debug);
  EXPECT_EQ(level_of("pool"), log::Level::error);
  EXPECT_EQ(post("/logging?paths=&level=warning").status, 200);  // as a form sends it
  EXPECT_EQ(level_of("http"), log::Level::warning);
  EXPECT_EQ(level_of("admin"), log::Level::warning);
}

TEST_F(Logging, ErrorsChangeNothing) {
  const std::pair<const char*, const char*> wrong[] = {
      {"level=loud", "error: unknown logger level\n"},
      {"nobody=info", "error: unknown logger name\n"},
      {"http=loud", "error: unknown logger level\n"},
      {"paths=http:debug,nobody:debug", "error: unknown logger name\n"},
      {"paths=http", "error: empty logger name or empty logger level\n"},
      {"level=debug&http=debug", "error: invalid number of parameters\n"},
      {"group=http:debug", "error: group parameter requires fine-grain logging to be enabled\n"},
  };
  for (const auto& [query, error] : wrong) {
    Answer page = post(std::string("/logging?") + query);
    EXPECT_EQ(page.status, 400) << query;
    EXPECT_THAT(page.body, StartsWith(error)) << query;
    EXPECT_THAT(page.body, HasSubstr("active loggers:\n")) << query;
  }
  EXPECT_EQ(level_of("http"), log::Level::info);
}

TEST_F(Pages, RuntimeShowsLayersAndWhatIsInForce) {
  EXPECT_EQ(post("/runtime_modify?a=5&c=new").status, 200);
  Answer page = get("/runtime");
  EXPECT_EQ(page.type, "application/json");
  google::protobuf::Struct json = read_json<google::protobuf::Struct>(page.body);
  EXPECT_EQ(json.fields().at("layers").list_value().values(0).string_value(), "base");
  const auto& a =
      json.fields().at("entries").struct_value().fields().at("a").struct_value().fields();
  EXPECT_EQ(a.at("final_value").string_value(), "5");
  EXPECT_EQ(a.at("layer_values").list_value().values(0).string_value(), "1");
  EXPECT_EQ(a.at("layer_values").list_value().values(1).string_value(), "5");
  EXPECT_EQ(server_.runtime_store.snapshot()->number("a", 0), 5u);
}

TEST_F(Pages, RuntimeModifyWithoutParametersOrAdminLayer) {
  EXPECT_EQ(post("/runtime_modify").status, 400);
  EXPECT_THAT(post("/runtime_modify").body, StartsWith("usage: /runtime_modify?key1=value1"));
  server_.runtime_store.~RuntimeStore();
  new (&server_.runtime_store) RuntimeStore({});
  EXPECT_EQ(post("/runtime_modify?a=1").status, 503);
  EXPECT_EQ(post("/runtime_modify?a=1").body, "No admin layer specified");
}

TEST_F(Pages, StatsInTheThreeFormats) {
  auto scope = server_.store.scope<ClusterConfigStats>("cluster.b.", "cluster.",
                                                       {{"envoy.cluster_name", "b"}});
  scope->local<ClusterConfigStats>(StatsScope::kMainThread).membership_total.set(3);
  EXPECT_THAT(get("/stats").body, HasSubstr("cluster.b.membership_total: 3\n"));
  EXPECT_EQ(get("/stats?filter=total$&usedonly").body, "cluster.b.membership_total: 3\n");
  Answer json = get("/stats?format=json&filter=membership_total");
  EXPECT_EQ(json.type, "application/json");
  EXPECT_THAT(json.body, HasSubstr("{\"name\":\"cluster.b.membership_total\",\"value\":3}"));
  Answer prometheus = get("/stats/prometheus?filter=membership_total");
  EXPECT_THAT(prometheus.body,
              HasSubstr("envoy_cluster_membership_total{envoy_cluster_name=\"b\"} 3\n"));
  EXPECT_EQ(get("/stats?format=prometheus&filter=membership_total").body, prometheus.body);
}

TEST_F(Pages, StatsRefuseWrongParameters) {
  for (const char* query : {"filter=(", "type=xx", "format=xx", "histogram_buckets=xx"}) {
    EXPECT_EQ(get(std::string("/stats?") + query).status, 400) << query;
  }
  EXPECT_EQ(get("/stats?filter=(").body, "Invalid re2 regex: missing ): (");
}

TEST_F(Pages, ResetCountersKeepsGauges) {
  auto scope = server_.store.scope<ClusterConfigStats>("cluster.b.", "cluster.", {});
  auto& stats = scope->local<ClusterConfigStats>(0);
  stats.update_attempt.add(7);
  stats.membership_total.set(3);
  EXPECT_EQ(post("/reset_counters").body, "OK\n");
  EXPECT_THAT(get("/stats").body, HasSubstr("cluster.b.update_attempt: 0\n"));
  EXPECT_THAT(get("/stats").body, HasSubstr("cluster.b.membership_total: 3\n"));
}

TEST_F(Pages, PathsThatAreNotAllowedAreForbidden) {
  server_.compiled.admin.emplace();
  config::StringMatcher ready;
  ready.kind = config::StringMatcher::Kind::exact;
  ready.text = "/ready";
  server_.compiled.admin->allowed_paths.push_back(std::move(ready));
  EXPECT_EQ(get("/ready").status, 200);
  Answer refused = get("/config_dump");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "request to path /config_dump not allowed");
}

TEST_F(Pages, StatsAsAPageForPeople) {
  Answer page = get("/stats?format=html&filter=(");
  EXPECT_EQ(page.status, 400);
  page = get("/stats?format=html");
  EXPECT_EQ(page.type, kHtml);
  EXPECT_THAT(page.body, ::testing::EndsWith("</pre>\n</body>\n</html>\n"));
  EXPECT_EQ(get("/stats?invert_filter").body,
            "invert_filter can only be used if filter is also provided");
}

}  // namespace
}  // namespace outrigger::admin
