// Status codes from numbers, HTTP statuses and resets; the message that goes with them.
#include "proxy/grpc/status.h"

#include <gtest/gtest.h>

#include "proxy/grpc/request_head.h"

namespace outrigger::grpc {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Status, NumbersWithoutANameAreUnknown) {
  EXPECT_EQ(parse_status("0"), Code::ok);
  EXPECT_EQ(parse_status("16"), Code::unauthenticated);
  EXPECT_EQ(parse_status("17"), Code::unknown);
  EXPECT_EQ(parse_status(""), std::nullopt);
  EXPECT_EQ(parse_status("-1"), std::nullopt);
  EXPECT_EQ(parse_status("1 "), std::nullopt);
}

TEST(Status, MessagesArePercentDecoded) {
  EXPECT_EQ(decode_message("a%20b%C3%A4%25"), "a b\xC3\xA4%");
  EXPECT_EQ(decode_message("100%"), "100%");
  EXPECT_EQ(decode_message("%4"), "%4");
  EXPECT_EQ(decode_message("%4g%zz%41"), "%4g%zzA");
}

TEST(Status, HttpStatusesAsTheMappingSays) {
  EXPECT_EQ(code_of_http_status(400), Code::internal);
  EXPECT_EQ(code_of_http_status(401), Code::unauthenticated);
  EXPECT_EQ(code_of_http_status(403), Code::permission_denied);
  EXPECT_EQ(code_of_http_status(404), Code::unimplemented);
  for (int status : {429, 502, 503, 504}) EXPECT_EQ(code_of_http_status(status), Code::unavailable);
  for (int status : {0, 200, 302, 500}) EXPECT_EQ(code_of_http_status(status), Code::unknown);
}

TEST(Status, ResetsTellWhetherAnotherAttemptMayHelp) {
  EXPECT_EQ(code_of_reset(http::ResetReason::remote_refused_stream), Code::unavailable);
  EXPECT_EQ(code_of_reset(http::ResetReason::connection_termination), Code::unavailable);
  EXPECT_EQ(code_of_reset(http::ResetReason::overflow), Code::unavailable);
  EXPECT_EQ(code_of_reset(http::ResetReason::remote_reset), Code::internal);
  EXPECT_EQ(code_of_reset(http::ResetReason::protocol_error), Code::internal);
}

TEST(RequestHead, TimeoutsHaveAtMostEightDigits) {
  EXPECT_EQ(timeout_text(milliseconds(0)), "0m");
  EXPECT_EQ(timeout_text(milliseconds(1500)), "1500m");
  EXPECT_EQ(timeout_text(milliseconds(99'999'999)), "99999999m");
  EXPECT_EQ(timeout_text(milliseconds(100'000'001)), "100001S");
  EXPECT_EQ(timeout_text(hours(24 * 365 * 10)), "5256000M");
}

}  // namespace
}  // namespace outrigger::grpc
