#include "proxy/observe/log_value.h"

#include <cstdlib>
#include <regex>

#include <gtest/gtest.h>

#include "test/unit/observe/log_fixture.h"

namespace outrigger::observe {
namespace {

class LogValueTest : public testing::Test, public LogFixture {
 protected:
  std::string value(LogField field, std::string argument = "") {
    return text(command(field, std::move(argument)));
  }
};

TEST_F(LogValueTest, FormatsTimes) {
  EXPECT_EQ(value(LogField::start_time), "2016-04-15T20:17:00.310Z");
  EXPECT_EQ(value(LogField::start_time, "%s.%3f"), "1460751420.310");
  EXPECT_EQ(value(LogField::start_time, "%Y/%m/%d %H:%M:%S.%9f %f %1f %z %%"),
            "2016/04/15 20:17:00.310000000 310000000 3 +0000 %");
  info.start_time += std::chrono::milliseconds(690);
  EXPECT_EQ(value(LogField::start_time, "%s.%3f"), "1460751421.000");
}

TEST_F(LogValueTest, KeepsMoreTimeFormatsThanItCaches) {
  TimeText times;
  for (int round = 0; round < 2; ++round) {
    for (const char* format : {"%Y", "%m", "%d", "%H", "%M", "%S", ""}) {
      TimeText fresh;
      EXPECT_EQ(times.text(format, TimeText::Zone::utc, info.start_time),
                fresh.text(format, TimeText::Zone::utc, info.start_time));
    }
  }
}

TEST_F(LogValueTest, FormatsTimesBefore1970) {
  TimeText times;
  SystemTime time(std::chrono::milliseconds(-1));
  EXPECT_EQ(times.text("", TimeText::Zone::utc, time), "1969-12-31T23:59:59.999Z");
}

TEST_F(LogValueTest, MeasuresDurations) {
  EXPECT_EQ(value(LogField::request_duration), "3");
  EXPECT_EQ(value(LogField::request_tx_duration), "5");
  EXPECT_EQ(value(LogField::response_duration), "100");
  EXPECT_EQ(value(LogField::response_tx_duration), "126");
  EXPECT_EQ(value(LogField::duration), "226");
  EXPECT_EQ(value(LogField::common_duration, "DS_RX_BEG:DS_TX_END"), "226");
  EXPECT_EQ(value(LogField::common_duration, "US_TX_BEG:US_RX_BEG:us"), "96000");
  EXPECT_EQ(value(LogField::common_duration, "US_CX_BEG:US_CX_END"), "-");
  EXPECT_EQ(value(LogField::roundtrip_duration), "-");
  info.upstream_first_received.reset();
  EXPECT_EQ(value(LogField::response_duration), "-");
  EXPECT_EQ(value(LogField::response_tx_duration), "-");
}

TEST_F(LogValueTest, MeasuresAStreamThatGoesOnUntilNow) {
  info.end.reset();
  LogContext c = context();
  c.now_monotonic = info.start + std::chrono::milliseconds(50);
  EXPECT_EQ(value_of(command(LogField::duration), c, scratch).number, 50u);
}

TEST_F(LogValueTest, NamesAddresses) {
  EXPECT_EQ(value(LogField::downstream_remote_address), "10.0.35.28:51000");
  EXPECT_EQ(value(LogField::downstream_remote_address_without_port), "10.0.35.28");
  EXPECT_EQ(value(LogField::downstream_remote_port), "51000");
  EXPECT_EQ(value(LogField::downstream_direct_remote_address), "192.168.1.9:40000");
  EXPECT_EQ(value(LogField::downstream_local_address), "[::1]:8080");
  EXPECT_EQ(value(LogField::downstream_local_address_without_port), "::1");
  EXPECT_EQ(value(LogField::upstream_local_address), "-");
  EXPECT_EQ(value(LogField::connection_id), "17");
  info.upstream_remote = *net::Address::from_unix_path("/run/x.sock");
  EXPECT_EQ(value(LogField::upstream_host), "/run/x.sock");
  EXPECT_EQ(value(LogField::upstream_remote_port), "-");
  info.connection = nullptr;
  EXPECT_EQ(value(LogField::downstream_local_address), "-");
}

TEST_F(LogValueTest, WritesAddressesAsTheyWriteThemselves) {
  for (const char* ip :
       {"0.0.0.0", "255.255.255.255", "10.20.30.40", "::", "2001:db8::1", "::ffff:1.2.3.4"}) {
    for (uint16_t port : {0, 7, 80, 65535}) {
      net::Address address = *net::Address::from_ip(ip, port);
      char buffer[kMaxAddressText];
      EXPECT_EQ(address_text(address, true, buffer), address.text());
      EXPECT_EQ(address_text(address, false, buffer), address.ip_text());
    }
  }
}

TEST_F(LogValueTest, NamesTheUpstreamHost) {
  EXPECT_EQ(value(LogField::upstream_host_name), "10.0.2.1:80");
  EXPECT_EQ(value(LogField::upstream_host_name_without_port), "10.0.2.1");
  info.upstream_hostname = "backend.example:443";
  EXPECT_EQ(value(LogField::upstream_host_name), "backend.example:443");
  EXPECT_EQ(value(LogField::upstream_host_name_without_port), "backend.example");
  info.upstream_hostname = "2001:db8::1";
  EXPECT_EQ(value(LogField::upstream_host_name_without_port), "2001:db8::1");
}

TEST_F(LogValueTest, NamesFlagsShortAndLong) {
  EXPECT_EQ(value(LogField::response_flags), "-");
  info.flags.set(ResponseFlag::upstream_connection_failure);
  EXPECT_EQ(value(LogField::response_flags), "UF");
  info.flags.set(ResponseFlag::upstream_retry_limit_exceeded);
  info.flags.set(ResponseFlag::no_healthy_upstream);
  EXPECT_EQ(value(LogField::response_flags), "UH,UF,URX");
  EXPECT_EQ(value(LogField::response_flags_long),
            "NoHealthyUpstream,UpstreamConnectionFailure,UpstreamRetryLimitExceeded");
}

TEST_F(LogValueTest, MakesDetailsOneWord) {
  info.details = "reset{remote connection failure}";
  EXPECT_EQ(value(LogField::response_code_details), "reset{remote_connection_failure}");
  EXPECT_EQ(value(LogField::response_code_details, "ALLOW_WHITESPACES"), info.details);
  info.upstream_transport_failure_reason = "connect error: 111";
  EXPECT_EQ(value(LogField::upstream_transport_failure_reason), "connect_error:_111");
  info.cause = "no endpoint of cluster backend is healthy";
  EXPECT_EQ(value(LogField::cause), info.cause);
}

TEST_F(LogValueTest, ReadsPathAndQuery) {
  EXPECT_EQ(value(LogField::path), "/api/v1/locations?city=New%20York&zip=1");
  EXPECT_EQ(value(LogField::path, "NQ"), "/api/v1/locations");
  EXPECT_EQ(value(LogField::path, "WQ:ORIG"), "-");
  request.add(http::HeaderId::x_envoy_original_path, "/orig?q");
  EXPECT_EQ(value(LogField::path, "NQ:ORIG"), "/orig");
  EXPECT_EQ(value(LogField::path, "WQ:ORIG_OR_PATH"), "/orig?q");
  EXPECT_EQ(value(LogField::path, "NQ:PATH"), "/api/v1/locations");
  EXPECT_EQ(value(LogField::query_param, "city"), "New York");
  EXPECT_EQ(value(LogField::query_param, "zip"), "1");
  EXPECT_EQ(value(LogField::query_param, "none"), "-");
  EXPECT_EQ(value(LogField::query_params), "city=New%20York&zip=1");
}

TEST_F(LogValueTest, KeepsEscapesThatAreNone) {
  request.set(http::HeaderId::path, "/?a=%zz%4&b=%0a%41");
  EXPECT_EQ(value(LogField::query_param, "a"), "%zz%4");
  EXPECT_EQ(value(LogField::query_param, "b"), "\\x0aA");
}

TEST_F(LogValueTest, ReadsTheGrpcStatus) {
  EXPECT_EQ(value(LogField::grpc_status), "-");
  request.add(http::HeaderId::content_type, "application/grpc+proto");
  response.add(http::HeaderId::grpc_status, "7");
  EXPECT_EQ(value(LogField::grpc_status), "PermissionDenied");
  EXPECT_EQ(value(LogField::grpc_status, "SNAKE_STRING"), "PERMISSION_DENIED");
  EXPECT_EQ(value(LogField::grpc_status, "NUMBER"), "7");
  EXPECT_EQ(value(LogField::grpc_status_number), "7");
  response.set(http::HeaderId::grpc_status, "99");
  EXPECT_EQ(value(LogField::grpc_status), "99");
  response.remove(http::HeaderId::grpc_status);
  info.response_code = 503;
  EXPECT_EQ(value(LogField::grpc_status), "Unavailable");
}

TEST_F(LogValueTest, CountsBytes) {
  info.response_body_bytes = 5;
  info.upstream_request_body_bytes = 1;
  info.downstream_wire = {164, 25, 10, 20, 11, 21};
  info.upstream_wire = {32, 31, 29, 30, 28, 27};
  EXPECT_EQ(value(LogField::bytes_received), "154");
  EXPECT_EQ(value(LogField::bytes_sent), "5");
  EXPECT_EQ(value(LogField::request_headers_bytes), std::to_string(request.byte_size()));
  EXPECT_EQ(value(LogField::response_headers_bytes), std::to_string(response.byte_size()));
  EXPECT_EQ(value(LogField::response_trailers_bytes), "0");
  EXPECT_EQ(value(LogField::downstream_wire_bytes_received), "164");
  EXPECT_EQ(value(LogField::downstream_wire_bytes_sent), "25");
  EXPECT_EQ(value(LogField::downstream_header_bytes_received), "10");
  EXPECT_EQ(value(LogField::downstream_header_bytes_sent), "20");
  EXPECT_EQ(value(LogField::downstream_decompressed_header_bytes_received), "11");
  EXPECT_EQ(value(LogField::downstream_decompressed_header_bytes_sent), "21");
  EXPECT_EQ(value(LogField::upstream_wire_bytes_received), "32");
  EXPECT_EQ(value(LogField::upstream_wire_bytes_sent), "31");
  EXPECT_EQ(value(LogField::upstream_header_bytes_received), "29");
  EXPECT_EQ(value(LogField::upstream_header_bytes_sent), "30");
  EXPECT_EQ(value(LogField::upstream_decompressed_header_bytes_received), "28");
  EXPECT_EQ(value(LogField::upstream_decompressed_header_bytes_sent), "27");
  EXPECT_EQ(value(LogField::upstream_body_bytes_sent), "1");
}

TEST_F(LogValueTest, NamesWhatHandledTheRequest) {
  config::Route route;
  config::VirtualHost host;
  info.route = &route;
  info.virtual_host = &host;
  EXPECT_EQ(value(LogField::route_name), "-");
  route.name = "r1";
  host.name = "vh";
  EXPECT_EQ(value(LogField::route_name), "r1");
  EXPECT_EQ(value(LogField::virtual_host_name), "vh");
  EXPECT_EQ(value(LogField::upstream_cluster), "locations");
  cluster.alt_stat_name = "other";
  EXPECT_EQ(value(LogField::upstream_cluster), "other");
  EXPECT_EQ(value(LogField::upstream_cluster_raw), "locations");
  EXPECT_EQ(value(LogField::hostname), "vm-1");
  EXPECT_EQ(value(LogField::access_log_type), "DownstreamEnd");
  EXPECT_EQ(value(LogField::stream_id), "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2");
  EXPECT_EQ(value(LogField::upstream_request_attempt_count), "1");
}

TEST_F(LogValueTest, ReadsTheEnvironment) {
  ASSERT_EQ(setenv("OUTRIGGER_LOG_TEST", "yes", 1), 0);
  EXPECT_EQ(value(LogField::environment, "OUTRIGGER_LOG_TEST"), "yes");
  unsetenv("OUTRIGGER_LOG_TEST");
  EXPECT_EQ(value(LogField::environment, "OUTRIGGER_LOG_TEST"), "-");
}

TEST_F(LogValueTest, MakesUuids) {
  std::string first = value(LogField::unique_id), second = value(LogField::unique_id);
  EXPECT_NE(first, second);
  EXPECT_TRUE(std::regex_match(
      first, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << first;
}

TEST_F(LogValueTest, EveryFieldCopesWithAnEmptyStream) {
  StreamInfo nothing;
  LogContext c{nothing};
  for (unsigned i = 0; i <= static_cast<unsigned>(LogField::cause); ++i) {
    value_of(command(static_cast<LogField>(i)), c, scratch);
  }
  EXPECT_EQ(value_of(command(LogField::response_code), c, scratch).number, 0u);
  EXPECT_EQ(value_of(command(LogField::protocol), c, scratch).kind, LogValue::Kind::none);
}

}  // namespace
}  // namespace outrigger::observe
