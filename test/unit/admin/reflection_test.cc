// Server reflection; a real client's calls are in test/peers/client_status.py.
#include "proxy/admin/reflection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/service/status/v3/csds.pb.h"

#include "test/unit/admin/fake_server.h"

namespace outrigger::admin::test {
namespace {

using ::testing::HasSubstr;

class Reflection : public ::testing::Test {
 protected:
  // A request with one text field.
  std::string ask(char field, const std::string& text) {
    std::string request{static_cast<char>(field << 3 | 2), static_cast<char>(text.size())};
    auto answer = reflect(request + text, server_);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or("");
  }
  FakeServer server_;
};

TEST_F(Reflection, ListsTheServices) {
  std::string answer = ask(7, "*");
  EXPECT_THAT(answer, HasSubstr("envoy.service.status.v3.ClientStatusDiscoveryService"));
  EXPECT_THAT(answer, HasSubstr("grpc.reflection.v1alpha.ServerReflection"));
}

TEST_F(Reflection, GivesTheFileOfASymbolAndOfAName) {
  EXPECT_THAT(ask(4, "envoy.service.status.v3.ClientStatusDiscoveryService.FetchClientStatus"),
              HasSubstr("envoy/service/status/v3/csds.proto"));
  EXPECT_THAT(ask(3, "envoy/service/status/v3/csds.proto"), HasSubstr("ClientStatusRequest"));
  EXPECT_THAT(ask(4, "no.such.Thing"), HasSubstr("no.such.Thing is not known"));
}

TEST_F(Reflection, RepeatsTheRequestInItsAnswer) {
  std::string request = "\x0a\x01h\x3a\x01*";
  EXPECT_THAT(*reflect(request, server_), HasSubstr(request));
}

TEST_F(Reflection, RefusesWhatIsNoRequest) {
  EXPECT_FALSE(reflect("\x3a\x7f", server_).ok());
  EXPECT_FALSE(reflect(std::string("\x2a\x02\x0a\x7f", 4), server_).ok()) << "inside of it";
  EXPECT_THAT(*reflect("", server_), HasSubstr("asks for nothing"));
}

}  // namespace
}  // namespace outrigger::admin::test
