// The words that operators search their logs for: they are Envoy's, to the letter.
#include "proxy/stream/failure_text.h"

#include <gtest/gtest.h>

namespace outrigger::stream::test {
namespace {

using http::ResetReason;

class FailureText : public ::testing::Test {
 protected:
  static UpstreamFailure failure(ResetReason reason, std::string_view detail = {}) {
    UpstreamFailure made;
    made.reason = reason;
    made.detail = detail;
    return made;
  }

  ChunkPool pool_;
  Arena arena_{pool_};
};

TEST_F(FailureText, EveryReasonHasItsFlag) {
  struct Row {
    ResetReason reason;
    std::string_view flag;
  } rows[] = {{ResetReason::connection_failure, "UF"},
              {ResetReason::connection_termination, "UC"},
              {ResetReason::overflow, "UO"},
              {ResetReason::protocol_error, "UPE"},
              {ResetReason::remote_reset, "UR"},
              {ResetReason::remote_refused_stream, "UR"},
              {ResetReason::connect_error, "UR"},
              {ResetReason::local_reset, "LR"},
              {ResetReason::local_refused_stream, "LR"}};
  for (const Row& row : rows)
    EXPECT_EQ(short_name(failure_flag(failure(row.reason))), row.flag) << reason_text(row.reason);
}

TEST_F(FailureText, DetailsAreOneWord) {
  UpstreamFailure cut = failure(ResetReason::connection_termination, "not shown");
  EXPECT_EQ(failure_details(cut, arena_),
            "upstream_reset_before_response_started{connection_termination}");
  cut.response_started = true;
  EXPECT_EQ(failure_details(cut, arena_),
            "upstream_reset_after_response_started{connection_termination}");
  UpstreamFailure refused = failure(ResetReason::connection_failure, "Connection refused");
  EXPECT_EQ(failure_details(refused, arena_),
            "upstream_reset_before_response_started{remote_connection_failure|Connection_refused}");
}

TEST_F(FailureText, ATimeOutOfTheConnectionIsNamed) {
  UpstreamFailure slow = failure(ResetReason::connection_failure, "connect timeout");
  slow.connect_timeout = true;
  EXPECT_EQ(failure_details(slow, arena_),
            "upstream_reset_before_response_started{connection_timeout}");
  EXPECT_EQ(failure_body(slow, 0, arena_),
            "upstream connect error or disconnect/reset before headers. reset reason: connection "
            "timeout");
  EXPECT_EQ(failure_cause(slow, "10.0.0.1:80", arena_),
            "no connection to 10.0.0.1:80 within the cluster's connect_timeout");
}

TEST_F(FailureText, TheBodyTellsRetriesAndTheTransport) {
  UpstreamFailure cut = failure(ResetReason::connection_termination);
  EXPECT_EQ(failure_body(cut, 0, arena_),
            "upstream connect error or disconnect/reset before headers. reset reason: connection "
            "termination");
  EXPECT_EQ(failure_body(cut, 2, arena_),
            "upstream connect error or disconnect/reset before headers. retried and the latest "
            "reset reason: connection termination");
  UpstreamFailure refused = failure(ResetReason::connection_failure, "Connection refused");
  EXPECT_EQ(failure_body(refused, 0, arena_),
            "upstream connect error or disconnect/reset before headers. reset reason: remote "
            "connection failure, transport failure reason: delayed connect error: Connection "
            "refused");
}

TEST_F(FailureText, WhyTlsFailedIsForTheOperatorNotForTheClient) {
  UpstreamFailure tls = failure(ResetReason::connection_failure);
  tls.transport_failed = true;
  tls.transport_reason = "TLS_error:|1:SSL routines:x:TLS_error_end";
  EXPECT_EQ(failure_body(tls, 0, arena_),
            "upstream connect error or disconnect/reset before headers. reset reason: remote "
            "connection failure");
  EXPECT_EQ(failure_details(tls, arena_),
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:|1:SSL_"
            "routines:x:TLS_error_end}");
  EXPECT_EQ(failure_cause(tls, "h:1", arena_),
            "no TLS connection to h:1: TLS_error:|1:SSL routines:x:TLS_error_end");
  tls.transport_reason = {};
  EXPECT_EQ(failure_cause(tls, "h:1", arena_),
            "h:1 closed the connection during the TLS handshake");
}

TEST_F(FailureText, TheCauseNamesTheHostAndWhatItDid) {
  UpstreamFailure stale = failure(ResetReason::connection_termination);
  stale.reused_connection = true;
  EXPECT_EQ(failure_cause(stale, "10.0.0.1:80", arena_),
            "10.0.0.1:80 closed a reused connection before it answered");
  stale.reused_connection = false;
  stale.response_started = true;
  EXPECT_EQ(failure_cause(stale, "10.0.0.1:80", arena_),
            "10.0.0.1:80 closed the connection in the middle of its response");
  EXPECT_EQ(failure_cause(failure(ResetReason::overflow, "too many pending requests"), "h", arena_),
            "a circuit breaker of the cluster is open: too many pending requests");
  EXPECT_EQ(
      failure_cause(failure(ResetReason::connection_failure, "Connection refused"), "h:1", arena_),
      "could not connect to h:1: Connection refused");
}

TEST_F(FailureText, NoReasonIsWithoutWords) {
  for (int i = 0; i <= static_cast<int>(ResetReason::connect_error); ++i) {
    auto reason = static_cast<ResetReason>(i);
    EXPECT_FALSE(reason_text(reason).empty()) << i;
    EXPECT_FALSE(failure_cause(failure(reason, "x"), "h", arena_).empty()) << i;
  }
}

}  // namespace
}  // namespace outrigger::stream::test
