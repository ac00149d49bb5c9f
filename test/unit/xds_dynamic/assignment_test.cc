// What an update of endpoints keeps, and what it costs.
#include "xds/dynamic/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds_dynamic/discovery_fakes.h"

namespace outrigger::xds::test {
namespace {

using ::testing::HasSubstr;
using Message = Assignment::Message;

void add(envoy::config::endpoint::v3::LocalityLbEndpoints& locality, uint32_t port,
         uint32_t weight = 1) {
  auto& endpoint = *locality.add_lb_endpoints();
  auto& address = *endpoint.mutable_endpoint()->mutable_address()->mutable_socket_address();
  address.set_address("10.0.0.1");
  address.set_port_value(port);
  endpoint.mutable_load_balancing_weight()->set_value(weight);
  (*endpoint.mutable_metadata()->mutable_filter_metadata())["istio"];
}

class Assignments : public ::testing::Test {
 protected:
  Assignments() { message_.set_cluster_name("svc"); }
  absl::StatusOr<Assignment::EndpointSetPtr> update() {
    google::protobuf::Any any;
    any.PackFrom(message_);
    return assignment_.update(any, reader_);
  }
  auto& locality(int at = 0) {
    while (message_.endpoints_size() <= at) message_.add_endpoints();
    return *message_.mutable_endpoints(at);
  }

  ResourceReader reader_;
  Message message_;
  Assignment assignment_{"svc"};
};

TEST_F(Assignments, OneOfManyThatChangesCostsOne) {
  for (uint32_t i = 0; i < 10'000; ++i) add(locality(static_cast<int>(i % 3)), 1 + i);
  auto before = *update();
  EXPECT_EQ(assignment_.compiled(), 10'000u);
  locality(1).mutable_lb_endpoints(500)->mutable_load_balancing_weight()->set_value(7);
  auto now = *update();
  EXPECT_EQ(assignment_.compiled(), 1u);
  EXPECT_NE(now->localities[1].endpoints[500], before->localities[1].endpoints[500]);
  EXPECT_EQ(now->localities[1].endpoints[500]->weight, 7u);
  EXPECT_EQ(now->localities[1].endpoints[500]->stats, before->localities[1].endpoints[500]->stats)
      << "it counts on";
  EXPECT_EQ(now->localities[1].endpoints[501], before->localities[1].endpoints[501]);
  EXPECT_EQ(now->localities[2].endpoints, before->localities[2].endpoints);
}

TEST_F(Assignments, TheSameOctetsAreTheSameSet) {
  add(locality(), 80);
  auto before = *update();
  EXPECT_EQ(*update(), before);
  EXPECT_EQ(assignment_.compiled(), 0u);
}

TEST_F(Assignments, EndpointsMayComeGoMoveAndChangeTheirLocality) {
  for (uint32_t port = 1; port <= 5; ++port) add(locality(), port);
  auto before = *update();
  Message next;
  next.set_cluster_name("svc");
  *next.add_endpoints()->add_lb_endpoints() = message_.endpoints(0).lb_endpoints(4);
  *next.add_endpoints()->add_lb_endpoints() = message_.endpoints(0).lb_endpoints(0);
  message_ = next;
  add(locality(1), 9);
  add(locality(0), 8);
  auto now = *update();
  EXPECT_EQ(assignment_.compiled(), 2u);
  ASSERT_EQ(now->localities.size(), 2u);
  EXPECT_EQ(now->localities[0].endpoints[0], before->localities[0].endpoints[4]);
  EXPECT_EQ(now->localities[0].endpoints[1]->address.port(), 8);
  EXPECT_EQ(now->localities[1].endpoints[0], before->localities[0].endpoints[0]);
  EXPECT_EQ(now->localities[1].endpoints[1]->address.port(), 9);
}

TEST_F(Assignments, WhatIsNotOfAnEndpointCountsToo) {
  add(locality(), 80);
  auto before = *update();
  locality().set_priority(1);
  message_.mutable_policy()->mutable_overprovisioning_factor()->set_value(100);
  message_.mutable_policy()->mutable_endpoint_stale_after()->set_seconds(3);
  auto now = *update();
  EXPECT_EQ(assignment_.compiled(), 0u);
  EXPECT_EQ(now->localities[0].priority, 1u);
  EXPECT_EQ(now->overprovisioning_percent, 100u);
  EXPECT_EQ(now->localities[0].endpoints, before->localities[0].endpoints);
  EXPECT_EQ(assignment_.stale_after(), std::chrono::seconds(3));
}

TEST_F(Assignments, AnErrorNamesThePlaceInTheWhole) {
  for (uint32_t port = 1; port <= 5; ++port) add(locality(), port);
  auto before = *update();
  add(locality(), 70'000);
  auto result = update();
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("endpoints[0].lb_endpoints[5]."));
  EXPECT_EQ(assignment_.endpoints(), before);
}

TEST_F(Assignments, OfAnotherNameIsRefused) {
  message_.set_cluster_name("other");
  auto result = update();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(std::string(result.status().message()),
            "cluster_name: is 'other', but 'svc' was asked for");
}

TEST_F(Assignments, TheWeightsOfAllCountNotOnlyOfThoseThatChanged) {
  add(locality(), 1, 0xfffffff0);
  ASSERT_TRUE(update().ok());
  add(locality(), 2, 0x10);
  auto result = update();
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("the sum of weights"));
}

TEST_F(Assignments, BrokenOctetsAreRefusedAtEveryPlace) {
  add(locality(), 80);
  add(locality(1), 81);
  google::protobuf::Any any;
  any.PackFrom(message_);
  std::string whole = any.value();
  for (size_t size = 1; size < whole.size(); ++size) {
    any.set_value(whole.substr(0, size));
    (void)assignment_.update(any, reader_);  // some are whole messages
  }
  any.set_value("\x12\xff\xff\xff\xff\x0f");
  EXPECT_FALSE(assignment_.update(any, reader_).ok());
  any.set_value(whole);
  EXPECT_TRUE(assignment_.update(any, reader_).ok());
}

}  // namespace
}  // namespace outrigger::xds::test
