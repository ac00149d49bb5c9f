#include "api/peer_exchange.h"

#include <vector>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include <gtest/gtest.h>

#include "api/struct_wire.h"

namespace outrigger {
namespace {

using State = PeerHelloReader::State;

MetadataValue text(const char* value) {
  return MetadataValue(std::string(value));
}

MetadataStruct node() {
  MetadataStruct out;
  out["NAME"] = text("shop-1");
  out["NAMESPACE"] = text("demo");
  out["WORKLOAD_NAME"] = text("shop");
  out["CLUSTER_ID"] = text("Kubernetes");
  out["OWNER"] = text("kubernetes://apis/apps/v1/namespaces/demo/deployments/shop");
  out["MESH_ID"] = text("is not told");
  MetadataStruct& labels = out["LABELS"].make_object();
  labels["app"] = text("shop");
  labels["version"] = text("v1");
  labels["service.istio.io/canonical-name"] = text("shop");
  labels["service.istio.io/canonical-revision"] = text("v1");
  labels["team"] = text("a");
  labels["secret"] = text("is not told");
  return out;
}

const std::vector<std::string> kLabels = {"team"};
constexpr std::string_view kText =
    R"({"app":"shop","cluster":"Kubernetes","labels":{"team":"a"},"name":"shop-1",)"
    R"("namespace":"demo","revision":"v1","service":"shop","type":"deployment","version":"v1",)"
    R"("workload":"shop"})";

TEST(PeerMetadata, TellsWhatIstioTells) {
  PeerMetadata peer = PeerMetadata::of(node(), kLabels);
  EXPECT_EQ(peer.text(), kText);
  EXPECT_EQ(PeerMetadata::of(peer.wire(), kLabels).text(), kText);
  EXPECT_EQ(peer.wire().find("MESH_ID"), nullptr);
  EXPECT_EQ(PeerMetadata::of(node(), {}).wire().find("LABELS")->object()->find("team"), nullptr);
}

TEST(PeerMetadata, WritesWhatItDoesNotTrustWithEscapes) {
  MetadataStruct hostile;
  hostile["NAME"] = text("a\"b\\c\n\xc3");
  EXPECT_EQ(PeerMetadata::of(hostile, {}).text(), R"({"name":"a\"b\\c\u000a\u00c3"})");
  hostile["LABELS"] = text("no struct");
  EXPECT_EQ(PeerMetadata::of(hostile, {}).app, "");
}

TEST(PeerExchange, HelloHasTheDocumentedForm) {
  std::string hello = peer_hello("sidecar~1", node(), kLabels);
  ASSERT_GT(hello.size(), 8u);
  EXPECT_EQ(hello.substr(0, 4), std::string("\x3d\x23\x04\x67", 4));
  uint32_t size = static_cast<unsigned char>(hello[6]) << 8 | static_cast<unsigned char>(hello[7]);
  EXPECT_EQ(size, hello.size() - 8);
  google::protobuf::Any any;
  google::protobuf::Struct content;
  ASSERT_TRUE(any.ParseFromString(hello.substr(8)));
  ASSERT_TRUE(any.UnpackTo(&content));
  EXPECT_EQ(content.fields().at("x-envoy-peer-metadata-id").string_value(), "sidecar~1");
  const auto& metadata = content.fields().at("x-envoy-peer-metadata").struct_value();
  EXPECT_EQ(metadata.fields().at("WORKLOAD_NAME").string_value(), "shop");
}

TEST(PeerExchange, IsTakenOffAtEverySplit) {
  std::string hello = peer_hello("sidecar~1", node(), kLabels);
  std::string all = hello + "GET /";
  for (size_t split = 0; split <= all.size(); ++split) {
    PeerHelloReader reader;
    State state = reader.feed(all.substr(0, split), kLabels);
    EXPECT_EQ(state, split < hello.size() ? State::more : State::found) << split;
    std::string rest;
    if (state == State::more) {
      state = reader.feed(all.substr(split), kLabels);
      rest = reader.rest();
    } else {
      rest = std::string(reader.rest()) + all.substr(split);
    }
    EXPECT_EQ(state, State::found) << split;
    EXPECT_EQ(rest, "GET /") << split;
    EXPECT_EQ(reader.peer().text(), kText);
  }
}

TEST(PeerExchange, WhoSaysNothingOfItselfIsPassedOn) {
  for (std::string first : {"\x16\x03", "G", "\x3d\x23\x04X"}) {
    PeerHelloReader reader;
    EXPECT_EQ(reader.feed(first, {}), State::not_found);
    EXPECT_EQ(reader.rest(), first);
  }
}

TEST(PeerExchange, WhatCannotBeReadIsDropped) {
  PeerHelloReader reader;
  EXPECT_EQ(reader.feed(std::string("\x3d\x23\x04\x67\0\0\0\x02\xff\xffrest", 14), {}),
            State::malformed);
  EXPECT_EQ(reader.rest(), "rest");
}

TEST(PeerExchange, WhatIsAnnouncedIsLimited) {
  PeerHelloReader reader;
  EXPECT_EQ(reader.feed(std::string("\x3d\x23\x04\x67\x7f\0\0\0", 8), {}), State::too_long);
}

}  // namespace
}  // namespace outrigger
