#include "xds/compile_substitution.h"

#include <string>

#include "google/protobuf/util/json_util.h"
#include <gtest/gtest.h>

namespace outrigger::xds {
namespace {

using config::LogCommand;
using config::LogField;
using config::SubstitutionFormat;

SubstitutionFormat compiled(std::string_view format) {
  auto result = compile_substitution(format);
  EXPECT_TRUE(result.ok()) << format << ": " << result.status();
  return result.ok() ? *result : SubstitutionFormat();
}

std::string problem(std::string_view format) {
  auto result = compile_substitution(format);
  return result.ok() ? "none" : std::string(result.status().message());
}

TEST(CompileSubstitution, SplitsLiteralsAndCommands) {
  SubstitutionFormat format = compiled("a%BYTES_SENT%b%DURATION%");
  ASSERT_EQ(format.size(), 4u);
  EXPECT_EQ(format[0].field, LogField::literal);
  EXPECT_EQ(format[0].text, "a");
  EXPECT_EQ(format[1].field, LogField::bytes_sent);
  EXPECT_EQ(format[2].text, "b");
  EXPECT_EQ(format[3].field, LogField::duration);
}

TEST(CompileSubstitution, TwoPercentSignsAreOne) {
  SubstitutionFormat format = compiled("100%% %%BYTES_SENT%%");
  ASSERT_EQ(format.size(), 1u);
  EXPECT_EQ(format[0].text, "100% %BYTES_SENT%");
  EXPECT_EQ(compiled("a%%b%%%BYTES_SENT%").size(), 2u);
}

TEST(CompileSubstitution, AnEmptyFormatIsEmpty) {
  EXPECT_TRUE(compiled("").empty());
}

TEST(CompileSubstitution, HeadersAreLowerCasedAndMayHaveAnAlternativeAndALength) {
  SubstitutionFormat format = compiled("%REQ(X-First?:PATH):10%%RESP(Server)%");
  ASSERT_EQ(format.size(), 2u);
  EXPECT_EQ(format[0].field, LogField::request_header);
  EXPECT_EQ(format[0].text, "x-first");
  EXPECT_EQ(format[0].alternative, ":path");
  EXPECT_EQ(format[0].max_length, 10u);
  EXPECT_EQ(format[1].field, LogField::response_header);
  EXPECT_EQ(format[1].text, "server");
  EXPECT_FALSE(format[1].max_length.has_value());
}

TEST(CompileSubstitution, HeaderCommandsHaveALongName) {
  SubstitutionFormat format =
      compiled("%REQUEST_HEADER(A?B):3%%RESPONSE_HEADER(C)%%RESPONSE_TRAILER(D)%");
  ASSERT_EQ(format.size(), 3u);
  EXPECT_EQ(format[0].field, LogField::request_header);
  EXPECT_EQ(format[0].alternative, "b");
  EXPECT_EQ(format[1].field, LogField::response_header);
  EXPECT_EQ(format[2].field, LogField::response_trailer);
  EXPECT_EQ(format[2].text, "d");
}

TEST(CompileSubstitution, TheHostOfARequestIsItsAuthority) {
  EXPECT_EQ(compiled("%REQ(Host)%")[0].text, ":authority");
}

TEST(CompileSubstitution, TimeFormatsMayHoldPercentSigns) {
  EXPECT_EQ(compiled("%START_TIME(%Y/%m/%dT%H:%M:%S%z %s)%")[0].text, "%Y/%m/%dT%H:%M:%S%z %s");
  EXPECT_EQ(compiled("%START_TIME%")[0].text, "");
}

TEST(CompileSubstitution, OptionsAreCheckedAndKept) {
  EXPECT_EQ(compiled("%COMMON_DURATION(DS_RX_BEG:US_RX_BODY_BEG:us)%")[0].text,
            "DS_RX_BEG:US_RX_BODY_BEG:us");
  EXPECT_EQ(compiled("%PATH(NQ:ORIG):5%")[0].text, "NQ:ORIG");
  EXPECT_EQ(compiled("%PATH(:PATH)%")[0].text, ":PATH");
  EXPECT_EQ(compiled("%QUERY_PARAM(key)%")[0].text, "key");
  EXPECT_EQ(compiled("%GRPC_STATUS(SNAKE_STRING)%")[0].text, "SNAKE_STRING");
  EXPECT_EQ(compiled("%OUTRIGGER_CAUSE%")[0].field, LogField::cause);
  for (const char* bad :
       {"%COMMON_DURATION(DS_RX_BEG)%", "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:s)%",
        "%COMMON_DURATION(:DS_TX_END)%", "%PATH(XX)%", "%PATH(WQ:X)%", "%QUERY_PARAMS(X)%",
        "%GRPC_STATUS(x)%", "%REQUESTED_SERVER_NAME(X)%", "%REQUESTED_SERVER_NAME(SNI_FIRST:X)%",
        "%METADATA(X:a)%", "%FILTER_STATE(a:X)%", "%FILTER_STATE(a:FIELD)%",
        "%FILTER_STATE(a:PLAIN:b)%"}) {
    EXPECT_NE(problem(bad).find("is none of"), std::string::npos) << bad << ": " << problem(bad);
  }
}

TEST(CompileSubstitution, RefusesWhatIsNoCommand) {
  for (const char* bad : {"%", "100%", "%BYTES_SENT", "%foo%", "%REQ(a%", "%REQ(a)x%", "%REQ(a):%",
                          "%REQ(a):99999999999%", "%REQ(a)", "%REQ(\n)%"}) {
    EXPECT_NE(problem(bad).find("no valid command"), std::string::npos) << bad;
  }
  EXPECT_EQ(problem("ab %"), "no valid command at position 3 of 'ab %'");
}

TEST(CompileSubstitution, RefusesParametersAndLengthsWhereThereAreNone) {
  EXPECT_EQ(problem("%BYTES_SENT(x)%"), "command %BYTES_SENT% takes no parameters");
  EXPECT_EQ(problem("%BYTES_SENT:3%"), "command %BYTES_SENT% takes no length");
  EXPECT_EQ(problem("%START_TIME:3%"), "command %START_TIME% takes no length");
  EXPECT_EQ(problem("%REQ%"), "command %REQ% requires parameters");
  EXPECT_EQ(problem("%REQ()%"), "command %REQ% requires parameters");
  EXPECT_EQ(problem("%REQ(a b)%"), "command %REQ%: 'a b' is not a header's name");
  EXPECT_EQ(problem("%REQ(a?b?c)%"), "command %REQ%: more than one alternative header in 'a?b?c'");
}

TEST(CompileSubstitution, TellsUnknownCommandsFromThoseThatWeDoNotHave) {
  EXPECT_EQ(problem("%NO_SUCH_THING%"), "command %NO_SUCH_THING% is unknown");
  EXPECT_EQ(problem("%CEL(response.code)%"), "command %CEL% is not supported");
  EXPECT_EQ(problem("%DOWNSTREAM_CX_RTT%"), "command %DOWNSTREAM_CX_RTT% is not supported");
}

TEST(CompileSubstitution, MetadataCommandsLeadToAValue) {
  const LogCommand route = compiled("%METADATA(ROUTE:com.test:a:b):5%")[0];
  EXPECT_EQ(route.field, LogField::metadata);
  EXPECT_EQ(route.metadata, config::LogMetadata::route);
  EXPECT_EQ(route.path, (std::vector<std::string>{"com.test", "a", "b"}));
  EXPECT_EQ(route.max_length, 5u);
  const LogCommand dynamic = compiled("%DYNAMIC_METADATA(com.test)%")[0];
  EXPECT_EQ(dynamic.metadata, config::LogMetadata::dynamic);
  EXPECT_EQ(dynamic.path, std::vector<std::string>{"com.test"});
  EXPECT_EQ(compiled("%UPSTREAM_METADATA(n:k)%")[0].metadata, config::LogMetadata::upstream_host);
  EXPECT_EQ(problem("%CLUSTER_METADATA(n):3%"), "command %CLUSTER_METADATA% takes no length");
  EXPECT_EQ(problem("%METADATA%"), "command %METADATA% requires parameters");
}

TEST(CompileSubstitution, TlsCommandsKnowTheirSide) {
  const LogCommand peer = compiled("%DOWNSTREAM_PEER_CERT_V_END(%Y)%")[0];
  EXPECT_EQ(peer.field, LogField::tls);
  EXPECT_EQ(peer.tls, config::LogTls::peer_cert_v_end);
  EXPECT_EQ(peer.text, "%Y");
  EXPECT_FALSE(peer.upstream);
  EXPECT_TRUE(compiled("%UPSTREAM_TLS_CIPHER%")[0].upstream);
  EXPECT_TRUE(compiled("%UPSTREAM_FILTER_STATE(a)%")[0].upstream);
}

TEST(CompileSubstitution, AnAddressMayBeShownAsItsNetwork) {
  EXPECT_EQ(compiled("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)%")[0].prefix_length, 16);
  EXPECT_EQ(compiled("%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(999)%")[0].prefix_length, 128);
  EXPECT_EQ(compiled("%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(x)%")[0].prefix_length, std::nullopt);
}

TEST(CompileSubstitution, TimeFormatsHaveNoLineBreak) {
  for (const char* bad : {"%START_TIME(%n)%", "%START_TIME(a %-3En)%", "%EMIT_TIME(%%%n)%"}) {
    EXPECT_NE(problem(bad).find("has a line break"), std::string::npos) << bad;
  }
  EXPECT_EQ(problem("%START_TIME(%%n)%"), "none");
}

TEST(CompileSubstitution, CoalesceHoldsCommands) {
  const LogCommand first =
      compiled(R"(%COALESCE({"operators": ["REQUESTED_SERVER_NAME", )"
               R"({"command": "REQ", "param": ":authority", "max_length": 3}]}):9%)")[0];
  ASSERT_EQ(first.operators.size(), 2u);
  EXPECT_EQ(first.operators[0].field, LogField::requested_server_name);
  EXPECT_EQ(first.operators[1].text, ":authority");
  EXPECT_EQ(first.operators[1].max_length, 3u);
  EXPECT_EQ(first.max_length, 9u);
  for (const char* bad :
       {"%COALESCE(x)%", "%COALESCE({})%", R"(%COALESCE({"operators": []})%)",
        R"(%COALESCE({"operators": ["NOPE"]})%)", R"(%COALESCE({"operators": ["REQ"]})%)",
        R"(%COALESCE({"operators": [{"param": "x"}]})%)",
        R"(%COALESCE({"operators": [{"command": "PROTOCOL", "max_length": 3}]})%)",
        R"(%COALESCE({"operators": ["COALESCE"]})%)"}) {
    EXPECT_NE(problem(bad).find("command %COALESCE%: "), std::string::npos) << problem(bad);
  }
}

TEST(CompileSubstitution, ReqWithoutQueryNeedsItsFormatter) {
  EXPECT_NE(problem("%REQ_WITHOUT_QUERY(:path)%").find("needs the formatter"), std::string::npos);
  EXPECT_TRUE(compile_substitution("%REQ_WITHOUT_QUERY(:path)%", {true}).ok());
}

TEST(CompileSubstitution, TheDefaultFormatCompiles) {
  SubstitutionFormat format = compiled(default_log_format());
  EXPECT_EQ(format.front().text, "[");
  EXPECT_EQ(format.back().text, "\"\n");
}

config::JsonFormat::Object json(const std::string& text, std::string* problem = nullptr) {
  google::protobuf::Struct object;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &object).ok());
  auto result = compile_json_format(object);
  if (!result.ok()) {
    EXPECT_NE(problem, nullptr) << result.status();
    if (problem != nullptr) *problem = std::string(result.status().message());
    return {};
  }
  return std::get<config::JsonFormat::Object>(result->value);
}

TEST(CompileJsonFormat, KeepsTheShapeWithSortedKeys) {
  auto object = json(R"({"z": "%BYTES_SENT%", "a": {"inner": ["x", 1, true, null, 2.5]}})");
  ASSERT_EQ(object.size(), 2u);
  EXPECT_EQ(object[0].first, "a");
  EXPECT_EQ(object[1].first, "z");
  EXPECT_EQ(std::get<SubstitutionFormat>(object[1].second.value)[0].field, LogField::bytes_sent);
  auto& inner = std::get<config::JsonFormat::Object>(object[0].second.value);
  auto& list = std::get<config::JsonFormat::List>(inner[0].second.value);
  ASSERT_EQ(list.size(), 5u);
  std::string constants;
  for (size_t i = 1; i < list.size(); ++i) {
    constants += std::get<config::JsonFormat::Constant>(list[i].value).json + " ";
  }
  EXPECT_EQ(constants, "1 true null 2.5 ");
}

TEST(CompileJsonFormat, NamesThePlaceOfAProblem) {
  std::string problem;
  json(R"({"a": {"b": ["x", "%NOPE%"]}})", &problem);
  EXPECT_EQ(problem, "a.b[1]: command %NOPE% is unknown");
}

TEST(CompileJsonFormat, RefusesEndlessNesting) {
  google::protobuf::Struct object;
  auto* inner = &object;
  for (int i = 0; i < 40; ++i) inner = (*inner->mutable_fields())["a"].mutable_struct_value();
  std::string problem(compile_json_format(object).status().message());
  EXPECT_NE(problem.find("nested more than"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::xds
