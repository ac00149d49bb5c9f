// gRPC calls are counted by their messages and statuses, together or by method.
#include "envoy/extensions/filters/http/grpc_stats/v3/config.pb.h"

#include "filters/http/grpc_stats/message_counter.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::grpc_stats::v3::FilterConfig;
using namespace std::string_view_literals;

constexpr auto kTwoMessages = "\0\0\0\0\2ab\0\0\0\0\0"sv;

TEST(GrpcMessages, AreCountedHoweverTheyAreCut) {
  for (size_t cut = 0; cut <= kTwoMessages.size(); ++cut) {
    grpc_stats::MessageCounter counter;
    counter.count(kTwoMessages.substr(0, cut));
    counter.count(kTwoMessages.substr(cut));
    EXPECT_EQ(counter.total(), 2u) << cut;
  }
}

class GrpcStatsTest : public FilterTest {
 protected:
  GrpcStatsTest() { context.cluster_configs["backend"]; }

  void call(const std::string& config, const std::string& path = "/a.B/C",
            const std::string& type = "application/grpc", const std::string& status = "0") {
    HttpFilter& filter = make<FilterConfig>(config);
    filter.on_request_headers(
        context, context.make_request({{":path", path}, {"content-type", type}}), false);
    filter.on_request_body(context, kTwoMessages, true);
    filter.on_response_headers(
        context, context.make_response({{":status", "200"}, {"content-type", type}}), false);
    filter.on_response_body(context, kTwoMessages, false);
    filter.on_response_body(context, kTwoMessages.substr(0, 7), false);
    filter.on_response_trailers(context, context.make_trailers({{"grpc-status", status}}));
  }
};

TEST_F(GrpcStatsTest, CountsAllMethodsTogether) {
  call("emit_filter_state: true");
  call("", "/a.B/D", "application/grpc+proto", "13");
  EXPECT_EQ(stat("cluster.backend.grpc.total"), 2);
  EXPECT_EQ(stat("cluster.backend.grpc.success"), 1);
  EXPECT_EQ(stat("cluster.backend.grpc.failure"), 1);
  EXPECT_EQ(stat("cluster.backend.grpc.13"), 1);
  EXPECT_EQ(stat("cluster.backend.grpc.request_message_count"), 4);
  EXPECT_EQ(stat("cluster.backend.grpc.response_message_count"), 6);
  EXPECT_EQ(*context.info().extras->filter_state.find("envoy.filters.http.grpc_stats"), "2,3");
}

TEST_F(GrpcStatsTest, CountsEachMethod) {
  call("stats_for_all_methods { value: true } replace_dots_in_grpc_service_name: true");
  EXPECT_EQ(stat("cluster.backend.grpc.a_B.C.total"), 1);
  call("stats_for_all_methods { value: true }", "/not-a-method");
  EXPECT_EQ(stat("cluster.backend.grpc.total"), 0);
}

TEST_F(GrpcStatsTest, CountsTheMethodsOfAList) {
  std::string list =
      "individual_method_stats_allowlist { services { name: 'a.B' method_names: 'C' } }";
  call(list);
  call(list, "/a.B/D");
  EXPECT_EQ(stat("cluster.backend.grpc.a.B.C.total"), 1);
  EXPECT_EQ(stat("cluster.backend.grpc.total"), 1);
}

TEST_F(GrpcStatsTest, LeavesOtherRequestsAlone) {
  call("", "/a.B/C", "application/json");
  call("", "/a.B/C", "application/grpc-web");
  EXPECT_TRUE(compile_context.registry.scopes.empty());
}

}  // namespace
}  // namespace outrigger::filters::test
