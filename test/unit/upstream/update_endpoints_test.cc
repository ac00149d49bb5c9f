// Endpoints that come and go while requests are under way.
#include <set>

#include <gtest/gtest.h>

#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

using outrigger::test::endpoint;

class UpdateEndpoints : public PoolTest {
 protected:
  WorkerCluster& cluster() {
    if (cluster_ == nullptr) pool();
    return *cluster_;
  }
  void update(std::vector<config::EndpointPtr> endpoints) {
    auto set = std::make_shared<config::EndpointSet>();
    set->localities.emplace_back().endpoints = std::move(endpoints);
    cluster().update_endpoints(set);
    loop_.settle();
  }
  config::EndpointPtr first() { return config_->endpoints->localities[0].endpoints[0]; }
  std::unique_ptr<Request> open(Host& host) {
    auto request = std::make_unique<Request>(cluster().pool(host, false, http::Protocol::http11));
    request->start();
    peer(loop_.peer_count() - 1).accept();
    return request;
  }
};

TEST_F(UpdateEndpoints, AHostThatStaysKeepsItsConnections) {
  auto idle = answered();
  Host* host = cluster().hosts().front();
  update({endpoint(81), first()});
  ASSERT_EQ(cluster().hosts().size(), 2u);
  EXPECT_EQ(cluster().hosts()[1].get(), host);
  EXPECT_FALSE(peer(0).gone());
  EXPECT_EQ(cluster().host_count(), 2u);
}

TEST_F(UpdateEndpoints, AnEjectedHostIsNotPickedAndGivesItsConnectionsUp) {
  config_->panic_threshold = 0;
  auto idle = answered();
  auto watch = std::make_shared<HostWatch>();
  watch->watches = true;
  auto states = std::make_shared<HostStates>();
  states->push_back(std::make_shared<HostState>(watch, first()));
  cluster().update_endpoints(config_->endpoints, states);
  Host* host = cluster().hosts().front();
  EXPECT_EQ(cluster().pick_host(0), host);
  host->note_response(500);
  EXPECT_EQ(states->front()->in_row_5xx, 1u);
  states->front()->set(HealthFlag::kFailedOutlierCheck);
  cluster().update_endpoints(config_->endpoints, states);
  loop_.settle();
  EXPECT_EQ(cluster().pick_host(0), nullptr);
  EXPECT_TRUE(peer(0).gone());
  states->front()->clear(HealthFlag::kFailedOutlierCheck);
  cluster().update_endpoints(config_->endpoints, states);
  EXPECT_EQ(cluster().pick_host(0), host);
}

// Hosts of endpoints that are as they were are not looked at; these are not.
TEST_F(UpdateEndpoints, AnEndpointThatChangesItsPlaceIsKnownThere) {
  auto place = [&](config::EndpointPtr one, config::EndpointPtr other, const std::string& zone) {
    auto set = std::make_shared<config::EndpointSet>();
    set->localities.resize(2);
    set->localities[0].endpoints.push_back(std::move(one));
    set->localities[1].endpoints.push_back(std::move(other));
    set->localities[1].priority = 1;
    set->localities[1].locality.zone = zone;
    cluster().update_endpoints(set);
  };
  auto other = endpoint(81);
  place(first(), other, "a");
  Host* host = cluster().hosts()[0].get();
  place(first(), other, "a");
  EXPECT_EQ(cluster().hosts()[0].get(), host);
  EXPECT_EQ(cluster().hosts()[0]->priority, 0u);
  EXPECT_EQ(cluster().hosts()[1]->priority, 1u);
  place(other, first(), "a");
  EXPECT_EQ(cluster().hosts()[1].get(), host);
  EXPECT_EQ(host->priority, 1u);
  EXPECT_EQ(cluster().hosts()[0]->priority, 0u);
  place(other, first(), "b");
  ASSERT_NE(host->zone, nullptr);
  EXPECT_EQ(host->zone->name, "b");
}

TEST_F(UpdateEndpoints, WhatIsKnownOfEndpointsMayComeAndGo) {
  config_->panic_threshold = 0;
  Host* host = cluster().hosts().front();
  cluster().update_endpoints(config_->endpoints);
  auto states = std::make_shared<HostStates>();
  states->push_back(std::make_shared<HostState>(std::make_shared<HostWatch>(), first()));
  states->front()->set(HealthFlag::kFailedActiveCheck);
  cluster().update_endpoints(config_->endpoints, states);
  EXPECT_EQ(cluster().pick_host(0), nullptr);
  cluster().update_endpoints(config_->endpoints);
  EXPECT_EQ(cluster().pick_host(0), host);
}

TEST_F(UpdateEndpoints, WhatChangedOfAnEndpointsStateCountsWithTheNextUpdate) {
  config_->panic_threshold = 0;
  auto other = endpoint(81);
  auto set = std::make_shared<config::EndpointSet>();
  set->localities.emplace_back().endpoints = {first(), other};
  auto watch = std::make_shared<HostWatch>();
  auto states = std::make_shared<HostStates>();
  for (const auto& each : set->localities[0].endpoints)
    states->push_back(std::make_shared<HostState>(watch, each));
  cluster().update_endpoints(set, states);
  Host* second = cluster().hosts()[1].get();
  auto ports = [&] {
    std::set<uint16_t> out;
    for (uint64_t random = 0; random < 4; ++random) {
      Host* host = cluster().pick_host(random);
      out.insert(host == nullptr ? uint16_t{0} : host->endpoint->address.port());
    }
    return out;
  };
  EXPECT_EQ(ports().size(), 2u);
  states->back()->set(HealthFlag::kFailedActiveCheck);
  cluster().update_endpoints(set, states);
  EXPECT_EQ(ports().count(81), 0u);
  EXPECT_EQ(cluster().hosts()[1].get(), second);
  // Another state of the same flags: of the cluster's next version.
  auto next = std::make_shared<HostStates>(*states);
  next->back() = std::make_shared<HostState>(watch, other);
  next->back()->set(HealthFlag::kFailedActiveCheck);
  cluster().update_endpoints(set, next);
  EXPECT_EQ(second->state, next->back());
  next->back()->clear(HealthFlag::kFailedActiveCheck);
  cluster().update_endpoints(set, next);
  EXPECT_EQ(ports().count(81), 1u);
}

// Its pools drain when the balancer knows it no longer.
TEST_F(UpdateEndpoints, WhoWaitsForAHostThatGoesIsSentElsewhere) {
  auto open_request = open(*cluster().hosts().front());
  Host* gone = cluster().hosts().front();
  HostRef kept(gone);
  update({endpoint(90)});
  EXPECT_TRUE(gone->removed);
  for (uint64_t random = 0; random < 4; ++random) EXPECT_NE(cluster().pick_host(random), gone);
}

TEST_F(UpdateEndpoints, AnEqualAddressIsTheSameHostWithNewContent) {
  Host* host = cluster().hosts().front();
  update({endpoint(80, 5)});
  EXPECT_EQ(cluster().hosts().front().get(), host);
  EXPECT_EQ(host->weight(), 5u);
}

TEST_F(UpdateEndpoints, ARemovedHostsIdleConnectionsAreClosed) {
  auto idle = answered();
  update({endpoint(81)});
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(stats().upstream_cx_active.value(), 0);
}

TEST_F(UpdateEndpoints, ARemovedHostsRequestsFinishAndItIsGone) {
  HostRef host = cluster().hosts().front();
  auto request = open(*host);
  update({endpoint(81)});
  EXPECT_TRUE(host->removed);
  EXPECT_FALSE(peer(0).gone());
  peer(0).send(kOk);
  EXPECT_TRUE(request->done());
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(host->references, 1u) << "only the test holds it";
}

TEST_F(UpdateEndpoints, WhoWaitsForARemovedHostIsServed) {
  Request waits(cluster().pool(*cluster().hosts().front(), false, http::Protocol::http11));
  waits.start();
  update({});
  peer(0).accept();
  EXPECT_TRUE(waits.sent());
  peer(0).send(kOk);
  EXPECT_TRUE(waits.done());
  EXPECT_TRUE(peer(0).gone());
  EXPECT_EQ(cluster().pick_host(1), nullptr);
}

TEST_F(UpdateEndpoints, AConnectionOfARemovedHostThatNobodyWaitsForIsClosed) {
  {
    Request gone(cluster().pool(*cluster().hosts().front(), false, http::Protocol::http11));
    gone.start();
  }
  update({});
  peer(0).accept();
  EXPECT_TRUE(peer(0).gone());
}

TEST_F(UpdateEndpoints, ARemovedHostMayStillBeRetriedByWhoHoldsIt) {
  HostRef host = cluster().hosts().front();
  update({endpoint(81)});
  auto request = open(*host);
  peer(0).send(kOk);
  EXPECT_TRUE(request->done());
  EXPECT_TRUE(peer(0).gone());
  loop_.settle();
  EXPECT_EQ(host->references, 1u);
}

TEST_F(UpdateEndpoints, TheHostOfALogicalNameStaysWhenItsAddressMoves) {
  config_->discovery = config::Cluster::Discovery::logical_dns;
  auto idle = answered();
  Host* host = cluster().hosts().front();
  update({endpoint(81)});
  EXPECT_EQ(cluster().hosts().front().get(), host);
  EXPECT_FALSE(peer(0).gone());
  Request again(pool());
  again.start();
  EXPECT_TRUE(again.sent()) << "on the connection that is there";
  Request beside(pool());
  beside.start();
  EXPECT_EQ(peer(1).options().address.port(), 81);
}

TEST_F(UpdateEndpoints, AnotherTransportSocketIsAnotherHost) {
  config::TransportSocketMatch match;
  match.criteria["tls"] = MetadataValue(true);
  match.socket = std::make_shared<config::TransportSocket>();
  config_->transport_socket_matches.push_back(match);
  HostRef host = cluster().hosts().front();
  auto moved = std::make_shared<config::Endpoint>(*first());
  moved->metadata.of("envoy.transport_socket_match")["tls"] = MetadataValue(true);
  update({moved});
  EXPECT_NE(cluster().hosts().front().get(), host.get());
  EXPECT_EQ(cluster().hosts().front()->transport_socket, match.socket);
}

TEST_F(UpdateEndpoints, ATableGivesANewClusterTheLatestEndpoints) {
  ClusterTable table(loop_, 0, 0);
  table.set_clusters({config_});
  auto set = std::make_shared<config::EndpointSet>();
  set->localities.emplace_back().endpoints = {endpoint(81), endpoint(82)};
  table.update_endpoints(0, set);
  EXPECT_EQ(table.find(0u)->host_count(), 2u);
}

// Pools of special needs.

TEST_F(UpdateEndpoints, APoolOfSpecialNeedsIsNotSharedAndGoesWhenItIsIdle) {
  Host& host = *cluster().hosts().front();
  ConnectionNeeds needs;
  needs.downstream_connection = 1;
  ConnPool& special = cluster().pool(host, false, http::Protocol::http11, needs);
  EXPECT_NE(&special, &pool());
  EXPECT_EQ(&special, &cluster().pool(host, false, http::Protocol::http11, needs));
  {
    Request request(special);
    request.start();
    peer(0).accept();
    peer(0).send(kOk);
    EXPECT_TRUE(request.done());
  }
  EXPECT_EQ(host.pools->special.size(), 1u) << "its connection waits for the next request";
  peer(0).close();
  EXPECT_TRUE(host.pools->special.empty());
}

TEST_F(UpdateEndpoints, TheProxyHeaderGoesBeforeTheRequest) {
  ConnectionNeeds needs;
  needs.proxy_header = "PROXY UNKNOWN\r\n";
  Request request(cluster().pool(*cluster().hosts().front(), false, http::Protocol::http11, needs));
  request.start();
  peer(0).accept();
  EXPECT_EQ(peer(0).take().substr(0, 20), "PROXY UNKNOWN\r\nGET /");
}

TEST_F(UpdateEndpoints, SourceAddressesAndOptionsReachTheSocket) {
  config_->bind.edit().source = *net::Address::from_ip("192.0.2.1", 0);
  config_->bind.edit().extra_sources = {*net::Address::from_ip("2001:db8::1", 0)};
  config_->bind.edit().freebind = true;
  config_->bind.edit().socket_options = {{1, 2, "x", net::SocketOption::State::prebind}};
  Request request(pool());
  request.start();
  EXPECT_EQ(peer(0).options().source.ip_text(), "192.0.2.1");
  EXPECT_TRUE(peer(0).options().freebind);
  EXPECT_EQ(peer(0).options().socket_options.size(), 1u);
  ConnectionNeeds needs;
  needs.source = *net::Address::from_ip("203.0.113.5", 999);
  needs.mark = 4;
  Request other(cluster().pool(*cluster().hosts().front(), false, http::Protocol::http11, needs));
  other.start();
  EXPECT_EQ(peer(1).options().source.text(), "203.0.113.5:0");
  EXPECT_TRUE(peer(1).options().transparent);
  EXPECT_EQ(peer(1).options().mark, 4u);
}

TEST_F(UpdateEndpoints, AHostMayBeAskedForByItsAddress) {
  update({endpoint(81), endpoint(82), endpoint(83, 1, config::Endpoint::Health::unhealthy)});
  LbContext context;
  context.override_host = "10.0.0.1:82";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cluster().pick_host(context)->endpoint->address.port(), 82);
  context.override_host = "10.0.0.1:83";
  EXPECT_NE(cluster().pick_host(context)->endpoint->address.port(), 83) << "it is not healthy";
}

}  // namespace
}  // namespace outrigger::upstream::test
