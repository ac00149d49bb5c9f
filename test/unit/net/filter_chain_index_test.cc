#include "proxy/net/filter_chain_index.h"

#include <initializer_list>
#include <string>

#include <gtest/gtest.h>

namespace outrigger::net {
namespace {

using config::FilterChainMatch;
using SourceType = FilterChainMatch::SourceType;

Cidr range(std::string_view ip, uint32_t bits) {
  return *Cidr::from_ip(ip, bits);
}

struct Match : FilterChainMatch {
  Match& to_port(uint16_t port) { return destination_port = port, *this; }
  Match& to(std::vector<Cidr> ranges) { return destination_ranges = std::move(ranges), *this; }
  Match& names(std::vector<std::string> all) { return server_names = std::move(all), *this; }
  Match& transport(std::string name) { return transport_protocol = std::move(name), *this; }
  Match& protocols(std::vector<std::string> all) {
    return application_protocols = std::move(all), *this;
  }
  Match& direct_from(std::vector<Cidr> ranges) {
    return direct_source_ranges = std::move(ranges), *this;
  }
  Match& type(SourceType t) { return source_type = t, *this; }
  Match& from(std::vector<Cidr> ranges) { return source_ranges = std::move(ranges), *this; }
  Match& from_ports(std::vector<uint16_t> ports) { return source_ports = std::move(ports), *this; }
};

// A connection from 192.0.2.1:5000 to 10.1.2.3:443 that is what the test says.
struct Connection {
  Connection() {
    info.remote = info.direct_remote = *Address::from_ip("192.0.2.1", 5000);
    info.local = info.direct_local = *Address::from_ip("10.1.2.3", 443);
    info.detected_transport = "raw_buffer";
  }
  Connection& to(std::string_view ip, uint16_t port) {
    info.local = *Address::from_ip(ip, port);
    return *this;
  }
  Connection& from(std::string_view ip, uint16_t port = 5000) {
    info.remote = info.direct_remote = *Address::from_ip(ip, port);
    return *this;
  }
  Connection& name(const std::string& sni) {
    info.requested_server_name = sni;
    info.detected_transport = "tls";
    return *this;
  }
  Connection& protocols(std::initializer_list<std::string> asked) {
    info.make_extras().application_protocols = asked;
    return *this;
  }
  DownstreamConnectionInfo info;
};

class Index {
 public:
  explicit Index(std::initializer_list<FilterChainMatch> matches) : index_(chains(matches)) {}
  // The chain's place; -1: none.
  int find(const Connection& connection) const {
    uint32_t found = index_.find(connection.info);
    return found == FilterChainIndex::kNone ? -1 : static_cast<int>(found);
  }

 private:
  static std::vector<config::FilterChainPtr> chains(std::initializer_list<FilterChainMatch> all) {
    std::vector<config::FilterChainPtr> out;
    for (const FilterChainMatch& match : all) {
      auto chain = std::make_shared<config::FilterChain>();
      chain->match = match;
      out.push_back(std::move(chain));
    }
    return out;
  }
  FilterChainIndex index_;
};

TEST(FilterChainIndex, OneChainWithoutCriteriaTakesEverything) {
  Index index({Match()});
  EXPECT_EQ(index.find(Connection()), 0);
  EXPECT_EQ(index.find(Connection().name("x")), 0);
}

TEST(FilterChainIndex, NoChainsTakeNothing) {
  EXPECT_EQ(Index({}).find(Connection()), -1);
}

TEST(FilterChainIndex, DestinationPortComesFirstAndIsNeverLeft) {
  Index index({Match().to_port(443).names({"a"}), Match()});
  EXPECT_EQ(index.find(Connection().name("a")), 0);
  EXPECT_EQ(index.find(Connection().name("b")), -1);  // not chain 1: the port has its own entries
  EXPECT_EQ(index.find(Connection().to("10.1.2.3", 80).name("b")), 1);
}

TEST(FilterChainIndex, TheSmallestDestinationRangeWins) {
  Index index({Match().to({range("10.0.0.0", 8)}), Match().to({range("10.1.0.0", 16)}),
               Match().to({range("10.1.2.3", 32), range("2001:db8::", 32)}), Match()});
  EXPECT_EQ(index.find(Connection()), 2);
  EXPECT_EQ(index.find(Connection().to("10.1.2.4", 1)), 1);
  EXPECT_EQ(index.find(Connection().to("10.2.2.4", 1)), 0);
  EXPECT_EQ(index.find(Connection().to("2001:db8::1", 1)), 2);
  EXPECT_EQ(index.find(Connection().to("2001:db9::1", 1)), 3);
}

TEST(FilterChainIndex, ServerNamesExactThenLongestWildcardThenAny) {
  Index index({Match().names({"www.example.com"}), Match().names({"*.example.com"}),
               Match().names({"*.com"}), Match()});
  EXPECT_EQ(index.find(Connection().name("www.example.com")), 0);
  EXPECT_EQ(index.find(Connection().name("a.b.example.com")), 1);
  EXPECT_EQ(index.find(Connection().name("example.com")), 2);
  EXPECT_EQ(index.find(Connection().name("com")), 3);
  EXPECT_EQ(index.find(Connection()), 3);
}

TEST(FilterChainIndex, TransportProtocolIsExactThenAny) {
  Index index({Match().transport("tls"), Match()});
  EXPECT_EQ(index.find(Connection().name("x")), 0);
  EXPECT_EQ(index.find(Connection()), 1);
}

TEST(FilterChainIndex, TheFirstProtocolThatIsAskedForAndKnownWins) {
  Index index({Match().protocols({"h2"}), Match().protocols({"http/1.1", "x"}), Match()});
  EXPECT_EQ(index.find(Connection().protocols({"y", "http/1.1", "h2"})), 1);
  EXPECT_EQ(index.find(Connection().protocols({"h2", "http/1.1"})), 0);
  EXPECT_EQ(index.find(Connection().protocols({"y"})), 2);
  EXPECT_EQ(index.find(Connection()), 2);
}

TEST(FilterChainIndex, DirectSourceIsThePeersOwnAddress) {
  Index index({Match().direct_from({range("192.0.2.0", 24)}), Match()});
  Connection proxied;
  proxied.info.remote = *Address::from_ip("203.0.113.1", 1);
  EXPECT_EQ(index.find(proxied), 0);
  proxied.info.direct_remote = *Address::from_ip("198.51.100.1", 1);
  EXPECT_EQ(index.find(proxied), 1);
}

TEST(FilterChainIndex, SourceTypes) {
  Index index({Match().type(SourceType::same_ip_or_loopback), Match().type(SourceType::external)});
  EXPECT_EQ(index.find(Connection()), 1);
  EXPECT_EQ(index.find(Connection().from("127.0.0.1")), 0);
  EXPECT_EQ(index.find(Connection().from("127.0.0.6")), 1);
  EXPECT_EQ(index.find(Connection().from("10.1.2.3")), 0);
  EXPECT_EQ(index.find(Connection().from("::1")), 0);
  Connection unix_peer;
  unix_peer.info.remote = *Address::from_unix_path("/x");
  EXPECT_EQ(index.find(unix_peer), 0);
}

TEST(FilterChainIndex, AnySourceTypeIsForThoseWithoutTheirOwn) {
  Index index({Match().type(SourceType::external), Match()});
  EXPECT_EQ(index.find(Connection()), 0);
  EXPECT_EQ(index.find(Connection().from("127.0.0.1")), 1);
}

TEST(FilterChainIndex, SourceRangeThenSourcePort) {
  Index index({Match().from({range("192.0.2.0", 24)}).from_ports({5000, 5001}),
               Match().from({range("192.0.2.0", 24)}), Match().from_ports({7}), Match()});
  EXPECT_EQ(index.find(Connection()), 0);
  EXPECT_EQ(index.find(Connection().from("192.0.2.1", 7)), 1);
  EXPECT_EQ(index.find(Connection().from("198.51.100.1", 7)), 2);
  EXPECT_EQ(index.find(Connection().from("198.51.100.1", 8)), 3);
}

TEST(FilterChainIndex, AUnixSocketHasNoAddressToMatch) {
  Index index({Match().to({range("0.0.0.0", 0)}), Match()});
  Connection connection;
  connection.info.local = connection.info.remote = connection.info.direct_remote =
      *Address::from_unix_path("/x");
  EXPECT_EQ(index.find(connection), 1);
}

TEST(FilterChainIndex, AWiderEntryIsNotComeBackTo) {
  Index index({Match().names({"a"}).transport("raw_buffer"), Match().protocols({"h2"})});
  EXPECT_EQ(index.find(Connection().name("a").protocols({"h2"})), -1);
  EXPECT_EQ(index.find(Connection().name("b").protocols({"h2"})), 1);
}

}  // namespace
}  // namespace outrigger::net
