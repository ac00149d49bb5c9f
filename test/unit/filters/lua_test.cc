// Lua scripts and the stream that they see. The API as a whole runs beside Envoy in
// test/wire/scenarios/filters_http/lua_*.yaml; here are its corners.
#include "envoy/extensions/filters/http/lua/v3/lua.pb.h"

#include "filters/http/lua/vm.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::lua::v3::Lua;
using envoy::extensions::filters::http::lua::v3::LuaPerRoute;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kErrors = "http.ingress.lua.errors";
constexpr const char* kExecutions = "http.ingress.lua.executions";

class LuaTest : public FilterTest {
 protected:
  LuaTest() {
    headers = &context.make_request({{":method", "POST"},
                                     {":path", "/p"},
                                     {":authority", "a.example"},
                                     {"x-two", "1"},
                                     {"x-two", "2"}});
    context.info().connection = &connection;
    context.info().protocol = http::Protocol::http11;
    context.cluster_configs["auth"];
  }

  static std::string quoted(const std::string& code) {
    std::string text = "\"";
    for (char c : code) {
      if (c == '\n')
        text += "\\n";
      else if (c == '"' || c == '\\')
        text += std::string("\\") + c;
      else
        text += c;
    }
    return text + "\"";
  }
  static std::string config(const std::string& code) {
    return "default_source_code { inline_string: " + quoted(code) + " }";
  }
  static std::string on_request(const std::string& body) {
    return config("function envoy_on_request(h)\n" + body + "\nend");
  }
  static std::string on_response(const std::string& body) {
    return config("function envoy_on_response(h)\n" + body + "\nend");
  }
  // Runs it for a request without a body; the last thing that it said.
  std::string says(const std::string& body) {
    HttpFilter& filter = make<Lua>(on_request(body));
    filter.on_request_headers(context, *headers, true);
    filter.on_stream_end(context);
    return last();
  }
  // What an expression is, or its error.
  std::string value(const std::string& expression) {
    return says("local r = {pcall(function() return " + expression +
                " end)}\n"
                "h:logInfo(tostring(r[2]) .. (r[3] ~= nil and '|' .. tostring(r[3]) or ''))");
  }
  std::string last() const {
    if (context.said.empty()) return "";
    const std::string& line = context.said.back().second;
    return line.substr(line.find(": ") + 2);
  }

  http::HeaderMap* headers;
  DownstreamConnectionInfo connection;
};

TEST_F(LuaTest, WithoutAFunctionOfItsDirectionDoesNothing) {
  HttpFilter& filter = make<Lua>(config("x = 1"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "a", true).kind(), Kind::next);
  EXPECT_EQ(stat(kExecutions), 0);
  EXPECT_TRUE(try_compile<Lua>("").ok());
}

TEST_F(LuaTest, AScriptThatCannotBeLoadedIsRefusedWithItsLine) {
  auto refused = try_compile<Lua>(config("x = 1\nfunction ("));
  ASSERT_FALSE(refused.ok());
  std::string message(refused.status().message());
  EXPECT_THAT(message, HasSubstr("default_source_code: script load error: "));
  EXPECT_THAT(message, HasSubstr(":2: "));
  EXPECT_FALSE(try_compile<Lua>("inline_code: 'error(\"no\")'").ok());
  EXPECT_FALSE(try_compile<Lua>("source_codes { key: 'a' value { inline_string: 'x x' } }").ok());
  EXPECT_FALSE(try_compile<Lua>("inline_code: 'x = 1' " + config("x = 1")).ok());
}

TEST_F(LuaTest, ChangesHeadersAndTheRouteIsMatchedAgain) {
  HttpFilter& filter =
      make<Lua>(on_request("h:headers():add('X-New', 'v') h:headers():replace('x-two', '3')\n"
                           "h:headers():remove(':path') h:headers():add('user-agent', 'a')\n"
                           "h:headers():add('User-Agent', 'b')"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, true).kind(), Kind::next);
  EXPECT_EQ(headers->get("x-new"), "v");
  EXPECT_EQ(headers->count("x-two"), 1u);
  EXPECT_FALSE(headers->has(http::HeaderId::path));
  EXPECT_EQ(headers->get("user-agent"), "a,b");  // Envoy keeps one field of these
  EXPECT_GT(context.routes_cleared, 0u);
  EXPECT_EQ(stat(kExecutions), 1);
}

TEST_F(LuaTest, TheRouteStaysIfConfigurationSaysSo) {
  HttpFilter& filter =
      make<Lua>(on_request("h:headers():add('a', 'b')") + " clear_route_cache { value: false }");
  filter.on_request_headers(context, *headers, true);
  EXPECT_EQ(context.routes_cleared, 0u);
}

TEST_F(LuaTest, ReadsHeaders) {
  EXPECT_EQ(value("h:headers():get('X-Two')"), "1,2");
  EXPECT_EQ(value("h:headers():get('host')"), "a.example");
  EXPECT_EQ(value("h:headers():get('no')"), "nil");
  EXPECT_EQ(value("h:headers():getAtIndex('x-two', 1), h:headers():getNumValues('x-two')"), "2|2");
  EXPECT_EQ(value("h:headers():getAtIndex('x-two', 2)"), "nil");
  EXPECT_EQ(value("h:headers():getAtIndex('x-two', -1)"), "nil");
  EXPECT_EQ(says("local t = {} for k, v in pairs(h:headers()) do t[#t + 1] = k .. '=' .. v end "
                 "h:logInfo(table.concat(t, ' '))"),
            ":method=POST :path=/p :authority=a.example x-two=1 x-two=2");
}

TEST_F(LuaTest, FieldsThatWouldEndALineAreRefused) {
  EXPECT_THAT(value("h:headers():add('a', 'b\\r\\nc: d')"), HasSubstr("characters that end it"));
  EXPECT_THAT(value("h:headers():replace('a b', 'c')"), HasSubstr("characters that end it"));
  EXPECT_THAT(value("h:respond({[':status'] = '200', a = 'b\\nc'})"), HasSubstr("end it"));
  EXPECT_THAT(value("h:headers():setHttp1ReasonPhrase('a\\nb')"), HasSubstr("one line"));
  EXPECT_EQ(headers->size(), 5u);
}

TEST_F(LuaTest, HeadersDoNotChangeUnderAnIterator) {
  EXPECT_THAT(says("for k in pairs(h:headers()) do h:headers():add('a', 'b') end"),
              HasSubstr("header map cannot be modified while iterating"));
  EXPECT_THAT(value("pairs(h:headers()), pairs(h:headers())"),
              HasSubstr("cannot create a second iterator before completing the first"));
  EXPECT_EQ(stat(kErrors), 1);
}

TEST_F(LuaTest, AnErrorIsCountedAndTheRequestGoesOn) {
  HttpFilter& filter = make<Lua>(on_request("h:headers():add('a', 'b')\nlocal x = nil + 1"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "a", true).kind(), Kind::next);
  EXPECT_EQ(stat(kErrors), 1);
  EXPECT_EQ(context.said.back().first, LogLevel::error);
  EXPECT_THAT(last(), HasSubstr(":3: attempt to perform arithmetic on a nil value"));
  EXPECT_EQ(headers->get("a"), "b");
}

TEST_F(LuaTest, WhatAScriptKeepsOfAStreamIsDeadAfterIt) {
  auto factory = try_compile<Lua>(
      config("kept = {}\nfunction envoy_on_request(h)\n"
             "if kept.h then\n"
             "  for _, f in ipairs({function() kept.h:headers() end,\n"
             "      function() kept.headers:get('x') end, function() kept.body:length() end}) do\n"
             "    h:logInfo(select(2, pcall(f)))\n"
             "  end\n"
             "end\n"
             "kept.h = h kept.headers = h:headers() kept.body = h:body(true)\nend"));
  ASSERT_TRUE(factory.ok());
  HttpFilter& first = make(*factory);
  first.on_request_headers(context, *headers, true);
  first.on_stream_end(context);
  HttpFilter& second = make(*factory);
  second.on_request_headers(context, *headers, true);
  ASSERT_EQ(context.said.size(), 3u);
  for (const auto& line : context.said)
    EXPECT_THAT(line.second, HasSubstr("object used outside of proper scope"));
}

TEST_F(LuaTest, WhatItGotBeforeItWaitedIsDeadAfterIt) {
  HttpFilter& filter =
      make<Lua>(on_request("local headers = h:headers()\nlocal body = h:body()\n"
                           "h:logInfo(body:getBytes(0, body:length()))\nheaders:get('a')"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_request_body(context, "ab", false).kind(), Kind::hold);
  context.held_request = "ab";
  EXPECT_EQ(filter.on_request_body(context, "cd", true).kind(), Kind::next);
  EXPECT_EQ(context.said[0].second, "script log: abcd");
  EXPECT_THAT(last(), HasSubstr("object used outside of proper scope"));
}

TEST_F(LuaTest, BytesOfABodyInTwoPieces) {
  HttpFilter& filter = make<Lua>(on_request(
      "local b = h:body()\n"
      "h:logInfo(b:getBytes(0, 2) .. ' ' .. b:getBytes(1, 3) .. ' ' .. b:getBytes(4, 1) .. ' ' ..\n"
      "  b:getBytes(5, 0) .. tostring(pcall(b.getBytes, b, 4, 2)))\n"
      "b:setBytes('new') h:logInfo(b:length() .. b:getBytes(1, 2))"));
  filter.on_request_headers(context, *headers, false);
  context.held_request = "abc";
  EXPECT_EQ(filter.on_request_body(context, "de", true).kind(), Kind::next);
  EXPECT_EQ(context.said[0].second, "script log: ab bcd e false");
  EXPECT_EQ(context.said[1].second, "script log: 3ew");
  EXPECT_THAT(context.replaced, ElementsAre("new"));
  EXPECT_EQ(headers->get("content-length"), "3");
}

TEST_F(LuaTest, ABodyThatTrailersEnd) {
  HttpFilter& filter =
      make<Lua>(on_request("local b = h:body() h:trailers():add('t', tostring(b and b:length()))"));
  filter.on_request_headers(context, *headers, false);
  filter.on_request_body(context, "abc", false);
  context.held_request = "abc";
  http::HeaderMap& trailers = context.make_trailers({{"a", "b"}});
  EXPECT_EQ(filter.on_request_trailers(context, trailers).kind(), Kind::next);
  EXPECT_EQ(trailers.get("t"), "3");
}

TEST_F(LuaTest, ABodyIsMadeWhereThereIsNone) {
  EXPECT_EQ(value("h:body()"), "nil");
  HttpFilter& filter = make<Lua>(on_request("h:body(true):setBytes('made')"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, true).kind(), Kind::next);
  EXPECT_THAT(context.replaced, ElementsAre("made"));
  EXPECT_EQ(headers->get("content-length"), "4");
}

TEST_F(LuaTest, AnAnswerThatHasNoBodyGetsNone) {
  headers->set(http::HeaderId::method, "HEAD");
  http::HeaderMap& response = context.make_response({{":status", "200"}});
  HttpFilter& filter = make<Lua>(on_response("h:body(true):setBytes('made')"));
  EXPECT_EQ(filter.on_response_headers(context, response, true).kind(), Kind::next);
  EXPECT_TRUE(context.replaced.empty());
}

TEST_F(LuaTest, PiecesPassOneByOne) {
  HttpFilter& filter =
      make<Lua>(on_request("for c in h:bodyChunks() do h:logInfo('c' .. c:length())\n"
                           "if c:length() == 2 then c:setBytes('xy') end end\n"
                           "h:logInfo(tostring((h:trailers())))\nh:headers():add('a', 'b')"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "a", false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "bc", false).kind(), Kind::next);
  EXPECT_EQ(filter.on_request_body(context, "", true).kind(), Kind::next);
  EXPECT_EQ(context.said[2].second, "script log: c0");
  EXPECT_EQ(context.said[3].second, "script log: nil");
  EXPECT_THAT(last(), HasSubstr("header map can no longer be modified"));
  EXPECT_THAT(context.replaced, ElementsAre("xy"));
}

TEST_F(LuaTest, ABodyThatPassedCannotBeHeld) {
  HttpFilter& filter =
      make<Lua>(on_request("for c in h:bodyChunks() do if c:length() == 1 then h:body() end end"));
  filter.on_request_headers(context, *headers, false);
  filter.on_request_body(context, "a", false);
  EXPECT_THAT(last(), HasSubstr("cannot call body() after body streaming has started"));
  EXPECT_THAT(says("h:respond({[':status'] = 'x'})"), HasSubstr("between 200-599"));
}

TEST_F(LuaTest, AnswersTheRequestAndTheScriptIsOver) {
  HttpFilter& filter = make<Lua>(on_request(
      "h:respond({[':status'] = '403', ['X-A'] = {'1', '2'}, ['content-length'] = '99'}, 'no')\n"
      "h:logInfo('not reached')"));
  Verdict verdict = filter.on_request_headers(context, *headers, false);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  const LocalReply& reply = verdict.local_reply();
  EXPECT_EQ(reply.code, 403);
  EXPECT_EQ(reply.body, "no");
  EXPECT_EQ(reply.outcome.details, "lua_response");
  EXPECT_EQ(reply.headers->count("x-a"), 2u);
  EXPECT_FALSE(reply.headers->has(http::HeaderId::content_length));
  EXPECT_FALSE(reply.headers->has(http::HeaderId::status));
  EXPECT_TRUE(context.said.empty());
  EXPECT_EQ(stat(kErrors), 0);
}

TEST_F(LuaTest, DoesNotAnswerInTheResponse) {
  http::HeaderMap& response = context.make_response({{":status", "200"}});
  HttpFilter& filter = make<Lua>(on_response("h:respond({[':status'] = '403'})"));
  EXPECT_EQ(filter.on_response_headers(context, response, true).kind(), Kind::next);
  EXPECT_THAT(last(), HasSubstr("respond not currently supported in the response path"));
}

TEST_F(LuaTest, CallsAClusterAndGoesOnWithItsAnswer) {
  HttpFilter& filter = make<Lua>(on_request(
      "local headers, body = h:httpCall('auth', {[':method'] = 'POST', [':path'] = '/c',\n"
      "  host = 'h', ['X-N'] = 5, l = {'1', '2'}}, 'ask', {timeout_ms = 250, send_xff = false,\n"
      "  return_duplicate_headers = true})\n"
      "h:headers():add('x-answer', headers[':status'] .. headers.d[2] .. body)"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, true).kind(), Kind::wait);
  ASSERT_EQ(context.http.calls.size(), 1u);
  const http::AsyncRequest& request = context.http.calls[0]->request;
  EXPECT_EQ(request.cluster.name, "auth");
  EXPECT_EQ(request.body, "ask");
  EXPECT_EQ(request.timeout, std::chrono::milliseconds(250));
  EXPECT_FALSE(request.send_xff);
  EXPECT_THAT(request.headers, testing::IsSupersetOf(http::AsyncHeaders{
                                   {":authority", "h"}, {"x-n", "5"}, {"l", "1"}, {"l", "2"}}));
  EXPECT_TRUE(request.headers[2].first.starts_with(':'));
  context.http.answer(0, 200, {{"d", "a"}, {"d", "b"}}, "yes");
  EXPECT_EQ(headers->get("x-answer"), "200byes");
  EXPECT_EQ(context.request_resumes, 1u);
}

TEST_F(LuaTest, AFailedCallIsA503) {
  HttpFilter& filter = make<Lua>(
      on_request("local t, body = h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/',\n"
                 "  [':authority'] = 'a'}, nil, 10) h:logInfo(t[':status'] .. body)"));
  filter.on_request_headers(context, *headers, true);
  context.http.fail(0, http::AsyncFailure::reset);
  EXPECT_EQ(last(), "503upstream failure");
  EXPECT_EQ(context.request_resumes, 1u);
}

TEST_F(LuaTest, AnswersAfterACall) {
  HttpFilter& filter = make<Lua>(on_request(
      "h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/', [':authority'] = 'a'}, '', 0)\n"
      "h:respond({[':status'] = '401'})"));
  filter.on_request_headers(context, *headers, true);
  context.http.answer(0, 200);
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].code, 401);
  EXPECT_EQ(context.request_resumes, 0u);
}

TEST_F(LuaTest, HoldsTheBodyAfterACall) {
  HttpFilter& filter = make<Lua>(on_request(
      "h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/', [':authority'] = 'a'}, '', 0)\n"
      "h:logInfo(h:body():length())"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::wait);
  context.http.answer(0, 200);
  EXPECT_EQ(context.request_holds, 1u);
  EXPECT_EQ(filter.on_request_body(context, "abc", true).kind(), Kind::next);
  EXPECT_EQ(last(), "3");
}

TEST_F(LuaTest, ABodyMayBeChangedBeforeACallAndReadAfterIt) {
  HttpFilter& filter = make<Lua>(on_request(
      "h:body():setBytes('changed')\n"
      "h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/', [':authority'] = 'a'}, '', 0)\n"
      "h:logInfo(h:body():getBytes(0, 7))"));
  filter.on_request_headers(context, *headers, false);
  EXPECT_EQ(filter.on_request_body(context, "abc", true).kind(), Kind::wait);
  context.held_request = "abc";
  context.http.answer(0, 200);
  EXPECT_EQ(last(), "changed");
  EXPECT_THAT(context.replaced, ElementsAre("changed"));
  EXPECT_EQ(context.request_resumes, 1u);
}

TEST_F(LuaTest, TheStreamsEndCancelsTheCall) {
  HttpFilter& filter = make<Lua>(on_request(
      "h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/', [':authority'] = 'a'}, '', 0)"));
  filter.on_request_headers(context, *headers, true);
  filter.on_stream_end(context);
  EXPECT_EQ(context.http.calls[0]->handler, nullptr);
}

TEST_F(LuaTest, ACallThatNobodyWaitsFor) {
  EXPECT_EQ(says("h:httpCall('auth', {[':method'] = 'GET', [':path'] = '/',"
                 "[':authority'] = 'a'}, nil, 5, true) h:logInfo('sent')"),
            "sent");
  ASSERT_EQ(context.http.sent.size(), 1u);
  EXPECT_TRUE(context.http.sent[0].send_xff);
}

TEST_F(LuaTest, WrongCallsAreErrorsOfTheScript) {
  EXPECT_THAT(value("h:httpCall('no', {}, nil, 5)"), HasSubstr("cluster invalid"));
  EXPECT_THAT(value("h:httpCall('auth', {}, nil, 5)"), HasSubstr("must include ':path'"));
  EXPECT_THAT(value("h:httpCall('auth', {}, nil, -5)"), HasSubstr("must be >= 0"));
  EXPECT_THAT(value("h:httpCall('auth', {}, nil, 5, 'x')"), HasSubstr("asynchronous flag"));
  EXPECT_THAT(value("h:httpCall('auth', {}, nil, {retry = 1})"),
              HasSubstr("\"retry\" is not valid key for httpCall() options"));
  EXPECT_THAT(value("h:httpCall('auth', {}, nil, {[1] = 1})"), HasSubstr("key must be a string"));
  EXPECT_THAT(value("h:httpCall('auth', {[1] = 'x'}, nil, 5)"), HasSubstr("must be a string"));
  EXPECT_THAT(value("h:httpCall('auth', {a = {}}, nil, {timeout_ms = 'x'})"),
              HasSubstr("must be a number"));
  EXPECT_THAT(value("h:httpCall()"), HasSubstr("number expected"));
  EXPECT_THAT(value("h:nothing()"), HasSubstr("attempt to call method 'nothing' (a nil value)"));
  EXPECT_THAT(value("h.headers({})"), HasSubstr("envoy.handle expected, got table"));
  EXPECT_TRUE(context.http.calls.empty());
}

TEST_F(LuaTest, OnlyItsOwnCoroutineWaits) {
  HttpFilter& filter =
      make<Lua>(on_request("h:logInfo(tostring(select(2, "
                           "coroutine.resume(coroutine.create(function() h:body() end)))))"));
  EXPECT_EQ(filter.on_request_headers(context, *headers, false).kind(), Kind::next);
  EXPECT_THAT(last(), HasSubstr("inside a coroutine of the script"));
}

TEST_F(LuaTest, AYieldOfTheScriptIsAnError) {
  EXPECT_THAT(says("coroutine.yield()"), HasSubstr("script performed an unexpected yield"));
  EXPECT_EQ(says("error({})"), "unspecified lua error");
}

TEST_F(LuaTest, MemoryIsBounded) {
  auto factory = try_compile<Lua>(
      on_request("if first then h:logInfo('again ' .. #string.rep('x', 1e6)) return end\n"
                 "first = true local t = {}\n"
                 "for i = 1, 1e9 do t[i] = string.rep(tostring(i), 100000) end"));
  ASSERT_TRUE(factory.ok());
  HttpFilter& filter = make(*factory);
  EXPECT_EQ(filter.on_request_headers(context, *headers, true).kind(), Kind::next);
  EXPECT_THAT(context.said.back().second, HasSubstr("not enough memory"));
  EXPECT_EQ(stat(kErrors), 1);
  make(*factory).on_request_headers(context, *headers, true);
  EXPECT_EQ(last(), "again 1000000");
}

TEST_F(LuaTest, EndlessRecursionIsAnError) {
  EXPECT_THAT(says("local function f() return 1 + f() end f()"), HasSubstr("stack overflow"));
  EXPECT_THAT(says("local t = {} t.t = t h:streamInfo():dynamicMetadata():set('a', 'b', t)"),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(says("h:streamInfo():dynamicMetadata():set('a', 'b', {[1e9] = 1})"),
              HasSubstr("too long"));
}

TEST_F(LuaTest, DynamicMetadataIsReadAndWritten) {
  EXPECT_EQ(
      says("local d = h:streamInfo():dynamicMetadata()\n"
           "d:set('f', 'k', {a = 1.5, b = {1, 'x'}, c = true, e = {}})\nd:set('f', 's', 't')\n"
           "local k = d:get('f').k\n"
           "h:logInfo(k.a .. k.b[2] .. tostring(k.c) .. d:get('f').s .. tostring((d:get('g'))))"),
      "1.5xtruetnil");
  const MetadataStruct& set =
      *context.info().extras->metadata.filters.find("f")->object()->find("k")->object();
  EXPECT_EQ(set.find("b")->get(), MetadataValue::Variant(MetadataList{
                                      MetadataValue(1.0), MetadataValue(std::string("x"))}));
  EXPECT_EQ(says("for k, v in pairs(h:streamInfo():dynamicMetadata()) do h:logInfo(k .. v.s) end"),
            "ft");
  EXPECT_THAT(says("local d = h:streamInfo():dynamicMetadata()\n"
                   "for k in pairs(d) do d:set('f', 'k', 1) end"),
              HasSubstr("cannot be modified while iterating"));
  EXPECT_THAT(value("h:streamInfo():dynamicMetadata():set('f', 'k', {[1] = 1, x = 2})"),
              HasSubstr("unexpected type number in table key"));
}

TEST_F(LuaTest, MetadataOfTheRouteIsItsOwnOrTheFiltersOldName) {
  context.filter_name = "mine";
  MetadataStruct& filters = context.mutable_route().metadata.filters;
  filters["envoy.filters.http.lua"].make_object()["a"] = MetadataValue(std::string("old"));
  EXPECT_EQ(value("h:metadata():get('a')"), "old");
  EXPECT_EQ(value("h:route():metadata():get('a')"), "nil");
  filters["mine"].make_object()["a"] = MetadataValue(std::string("own"));
  EXPECT_EQ(value("h:metadata():get('a'), h:route():metadata():get('a')"), "own|own");
  EXPECT_EQ(says("for k, v in pairs(h:metadata()) do h:logInfo(k .. v) end"), "aown");
}

TEST_F(LuaTest, ARouteChoosesTheScript) {
  auto factory =
      try_compile<Lua>(on_request("h:logInfo('own' .. tostring(h:filterContext():get('who')))") +
                       " source_codes { key: 'named' value { inline_string: "
                       "\"function envoy_on_request(h) h:logInfo('named') end\" } }");
  ASSERT_TRUE(factory.ok()) << factory.status();
  auto run = [&](const std::string& route) {
    context.said.clear();
    context.levels = {route_config<LuaPerRoute>(route)};
    HttpFilter& filter = make(*factory);
    filter.on_request_headers(context, *headers, true);
    filter.on_stream_end(context);
    return last();
  };
  EXPECT_EQ(run("disabled: true"), "");
  EXPECT_EQ(run("name: 'named'"), "named");
  EXPECT_EQ(run("name: 'unknown'"), "");
  EXPECT_EQ(run("source_code { inline_string: "
                "\"function envoy_on_request(h) h:logInfo('route') end\" }"),
            "route");
  EXPECT_EQ(run("filter_context { fields { key: 'who' value { string_value: 'x' } } }"), "ownx");
  auto* entry = find_http_filter_of_route_config(LuaPerRoute::descriptor()->full_name());
  EXPECT_FALSE(entry
                   ->compile_route(parse<LuaPerRoute>("source_code { inline_string: 'x x' }"),
                                   compile_context)
                   .ok());
}

TEST_F(LuaTest, GlobalsLiveAsLongAsTheWorkersState) {
  auto factory =
      try_compile<Lua>(config("n = 0 function envoy_on_request(h) n = n + 1 h:logInfo(n) end"));
  ASSERT_TRUE(factory.ok());
  for (const char* expected : {"1", "2", "3"}) {
    HttpFilter& filter = make(*factory);
    filter.on_request_headers(context, *headers, true);
    EXPECT_EQ(last(), expected);
  }
}

TEST_F(LuaTest, FactsOfTheStream) {
  connection.requested_server_name = "sni.example";
  connection.direct_remote = *net::Address::from_ip("10.0.0.1", 1000);
  connection.local = *net::Address::from_ip("10.0.0.2", 80);
  context.info().downstream_remote = *net::Address::from_ip("10.0.0.3", 1);
  context.mutable_route().name = "the-route";
  EXPECT_EQ(value("h:streamInfo():protocol(), h:streamInfo():routeName()"), "HTTP/1.1|the-route");
  EXPECT_EQ(value("h:streamInfo():requestedServerName()"), "sni.example");
  EXPECT_EQ(value("h:streamInfo():downstreamDirectRemoteAddress(), "
                  "h:streamInfo():downstreamRemoteAddress()"),
            "10.0.0.1:1000|10.0.0.3:1");
  EXPECT_EQ(value("h:streamInfo():downstreamLocalAddress()"), "10.0.0.2:80");
  EXPECT_EQ(value("h:streamInfo():downstreamSslConnection(), h:connection():ssl()"), "nil");
  EXPECT_THAT(value("h:streamInfo():dynamicTypedMetadata('x')"), HasSubstr("is not supported"));
  says("h:streamInfo():drainConnectionUponCompletion()");
  EXPECT_EQ(context.drains, 1u);
}

TEST_F(LuaTest, FilterStateIsReadAndSet) {
  connection.make_extras().filter_state.set("of.connection", "c");
  EXPECT_EQ(says("local s = h:streamInfo():filterState() s:set('k', 'envoy.string', 'v')\n"
                 "h:logInfo(s:get('k') .. s:get('of.connection'))"),
            "vc");
  EXPECT_THAT(value("h:streamInfo():filterState():set('k', 'other', 'v')"),
              HasSubstr("'other' does not have an object factory"));
}

TEST_F(LuaTest, TheHostOfTheUpstreamIsChosen) {
  says("h:setUpstreamOverrideHost('10.0.0.1:80', true)");
  EXPECT_EQ(context.info().extras->override_host, "10.0.0.1:80");
  EXPECT_TRUE(context.info().extras->override_host_strict);
  EXPECT_THAT(value("h:setUpstreamOverrideHost('name:80')"), HasSubstr("not a valid IP address"));
  EXPECT_THAT(value("h:setUpstreamOverrideHost('[::1]:99999')"), HasSubstr("not a valid IP"));
}

TEST_F(LuaTest, KeysAndTexts) {
  EXPECT_EQ(value("h:base64Escape('abc\\0'), h:base64Decode('YWJj')"), "YWJjAA==|abc");
  EXPECT_EQ(value("h:base64Decode('#')"), "nil");
  EXPECT_EQ(value("h:importPublicKey('abc', 3):get()"), "nil");
  EXPECT_THAT(value("h:importPublicKey('abc', 4)"), HasSubstr("not within the key"));
  EXPECT_THAT(value("h:verifySignature('sha256', 'x', 'a', 1, 'b', 1)"),
              HasSubstr("invalid public key"));
  EXPECT_THAT(value("h:timestamp('x')"), HasSubstr("must be MILLISECOND."));
  EXPECT_EQ(value("#h:timestampString(EnvoyTimestampResolution.MICROSECOND)"), "16");
  EXPECT_EQ(value("table.unpack(table.pack(1, 2))"), "1|2");
}

TEST_F(LuaTest, AResponseMayHaveItsOwnReason) {
  http::HeaderMap& response = context.make_response({{":status", "200"}});
  HttpFilter& filter =
      make<Lua>(on_response("h:headers():setHttp1ReasonPhrase('Fine') h:headers():add('p', "
                            "h:requestHeaders():get(':path'))"));
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.reason_phrase(), "Fine");
  EXPECT_EQ(response.get("p"), "/p");
  EXPECT_EQ(stat(kErrors), 0);
}

TEST_F(LuaTest, ItsStatisticsMayHaveAPrefixOfTheirOwn) {
  HttpFilter& filter = make<Lua>(on_request("error('x')") + " stat_prefix: 'mine'");
  filter.on_request_headers(context, *headers, true);
  EXPECT_EQ(stat("http.ingress.lua.mine.errors"), 1);
}

}  // namespace
}  // namespace outrigger::filters::test
