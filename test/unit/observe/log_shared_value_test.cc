// What logs read of certificates, metadata, filter state and attempts.
#include <gtest/gtest.h>

#include "api/config/listener.h"
#include "proxy/observe/log_value.h"
#include "test/unit/observe/log_fixture.h"
#include "test/unit/support/tls.h"

namespace outrigger::observe {
namespace {

using config::LogMetadata;
using config::LogTls;

class LogSharedValueTest : public testing::Test, public LogFixture {
 protected:
  static LogCommand tls(LogTls what, bool upstream = false, std::string format = "") {
    LogCommand out = command(LogField::tls, std::move(format));
    out.tls = what;
    out.upstream = upstream;
    return out;
  }
  static LogCommand metadata(LogMetadata whose, std::vector<std::string> path) {
    LogCommand out = command(LogField::metadata);
    out.metadata = whose;
    out.path = std::move(path);
    return out;
  }
  std::string json(LogCommand one) {
    config::JsonFormat::Object object;
    object.emplace_back("v", config::JsonFormat{config::SubstitutionFormat{std::move(one)}});
    config::LogFormat format;
    format.format = config::JsonFormat{std::move(object)};
    return line(format);
  }
};

TEST_F(LogSharedValueTest, ShowsTheCertificatesOfBothSides) {
  test::FakeTls downstream;
  CertificateInfo peer;
  peer.subject = "CN=client";
  peer.uri_sans = {"spiffe://a", "spiffe://b"};
  peer.sha256 = "ab12";
  peer.chain_serials = {"1", "2"};
  peer.issuer_serial = "77";
  peer.not_after = SystemTime(std::chrono::seconds(1460751420));
  downstream.peer_info = peer;
  connection.tls = &downstream;
  EXPECT_EQ(text(tls(LogTls::version)), "TLSv1.3");
  EXPECT_EQ(text(tls(LogTls::peer_subject)), "CN=client");
  EXPECT_EQ(text(tls(LogTls::peer_uri_san)), "spiffe://a,spiffe://b");
  EXPECT_EQ(text(tls(LogTls::peer_fingerprint_256)), "ab12");
  EXPECT_EQ(text(tls(LogTls::peer_chain_serials)), "1,2");
  EXPECT_EQ(text(tls(LogTls::peer_issuer_serial)), "77");
  EXPECT_EQ(text(tls(LogTls::peer_cert_v_end)), "2016-04-15T20:17:00.000Z");
  EXPECT_EQ(text(tls(LogTls::peer_cert_v_end, false, "%Y")), "2016");
  EXPECT_EQ(text(tls(LogTls::peer_dns_san)), "-");
  EXPECT_EQ(text(tls(LogTls::local_subject)), "-");
  EXPECT_EQ(text(tls(LogTls::version, true)), "-");
  auto upstream = std::make_shared<test::FakeTls>();
  upstream->sni = "backend.example";
  info.upstream_tls = upstream;
  EXPECT_EQ(text(tls(LogTls::server_name, true)), "backend.example");
}

TEST_F(LogSharedValueTest, ASanCannotEndTheLine) {
  test::FakeTls downstream;
  downstream.peer_info.emplace().subject = "CN=a\nfake line";
  connection.tls = &downstream;
  EXPECT_EQ(text(tls(LogTls::peer_subject)), "CN=a\\x0afake line");
  EXPECT_EQ(json(tls(LogTls::peer_subject)), "{\"v\":\"CN=a\\nfake line\"}\n");
}

TEST_F(LogSharedValueTest, FingerprintsAreTheClientHellos) {
  EXPECT_EQ(text(tls(LogTls::ja3)), "-");
  connection.make_extras().ja3 = "hash";
  EXPECT_EQ(text(tls(LogTls::ja3)), "hash");
  EXPECT_EQ(text(tls(LogTls::ja4)), "-");
}

TEST_F(LogSharedValueTest, MetadataKeepsItsTypeInJsonAndIsJsonInText) {
  MetadataStruct& fields = cluster.metadata.of("ns");
  fields["n"] = MetadataValue(12.0);
  fields["f"] = MetadataValue(1.5);
  fields["b"] = MetadataValue(true);
  fields["s"] = MetadataValue(std::string("a\"b"));
  fields["z"] = MetadataValue();
  fields["l"] = MetadataValue(MetadataList{MetadataValue(1.0), MetadataValue(std::string("x"))});
  auto get = [](std::vector<std::string> path) { return metadata(LogMetadata::cluster, path); };
  EXPECT_EQ(text(get({"ns"})), R"({"b":true,"f":1.5,"l":[1,"x"],"n":12,"s":"a\"b","z":null})");
  EXPECT_EQ(text(get({"ns", "n"})), "12");
  EXPECT_EQ(text(get({"ns", "s"})), "a\"b");
  EXPECT_EQ(text(get({"ns", "z"})), "-");
  EXPECT_EQ(text(get({"ns", "n", "deeper"})), "-");
  EXPECT_EQ(json(get({"ns", "l"})), "{\"v\":[1,\"x\"]}\n");
  EXPECT_EQ(json(get({"ns", "z"})), "{\"v\":null}\n");
  LogCommand cut = get({"ns", "l"});
  cut.max_length = 3;
  EXPECT_EQ(text(cut), "[1,");
  EXPECT_EQ(json(cut), "{\"v\":[1,\"x\"]}\n");  // what is not text is not cut
}

TEST_F(LogSharedValueTest, DynamicMetadataIsTheStreamsBeforeTheConnections) {
  LogCommand get = metadata(LogMetadata::dynamic, {"f", "k"});
  EXPECT_EQ(text(get), "-");
  connection.make_extras().metadata.of("f")["k"] = MetadataValue(std::string("connection"));
  EXPECT_EQ(text(get), "connection");
  info.extras = make_in_arena<StreamExtras>(arena);
  info.extras->metadata.of("f")["k"] = MetadataValue(std::string("stream"));
  EXPECT_EQ(text(get), "stream");
}

TEST_F(LogSharedValueTest, FilterStateIsTextOrJson) {
  connection.make_extras().filter_state.set("key", "a\"b");
  EXPECT_EQ(text(command(LogField::filter_state, "key", "PLAIN")), "a\"b");
  EXPECT_EQ(text(command(LogField::filter_state, "key", "TYPED")), R"("a\"b")");
  EXPECT_EQ(text(command(LogField::filter_state, "key", "FIELD")), "-");
  EXPECT_EQ(text(command(LogField::filter_state, "none", "PLAIN")), "-");
}

TEST_F(LogSharedValueTest, ListsTheHostsThatWereTried) {
  UpstreamAttempt first, second;
  first.address = *net::Address::from_ip("10.0.0.1", 80);
  second.address = *net::Address::from_ip("10.0.0.2", 81);
  second.hostname = "b:81";
  second.connection_id = 9;
  first.next = &second;
  info.first_attempt = &first;
  info.last_attempt = &second;
  EXPECT_EQ(text(command(LogField::upstream_hosts_attempted)), "10.0.0.1:80,10.0.0.2:81");
  EXPECT_EQ(text(command(LogField::upstream_hosts_attempted_without_port)), "10.0.0.1,10.0.0.2");
  EXPECT_EQ(text(command(LogField::upstream_host_names_attempted)), "10.0.0.1:80,b:81");
  EXPECT_EQ(text(command(LogField::upstream_host_names_attempted_without_port)), "10.0.0.1,b");
  EXPECT_EQ(text(command(LogField::upstream_connection_ids_attempted)), "9");
}

TEST_F(LogSharedValueTest, AddressesMayBeNetworks) {
  LogCommand remote = command(LogField::downstream_remote_address_without_port);
  remote.prefix_length = 12;
  EXPECT_EQ(text(remote), "10.0.0.0/12");
  remote.prefix_length = 128;
  EXPECT_EQ(text(remote), "10.0.35.28/32");
  LogCommand local = command(LogField::downstream_local_address_without_port);
  local.prefix_length = 127;
  EXPECT_EQ(text(local), "::/127");
}

TEST_F(LogSharedValueTest, TheServerNameMayComeFromTheHost) {
  auto name = [&](const char* which, const char* host = "") {
    return text(command(LogField::requested_server_name, which, host));
  };
  EXPECT_EQ(name(""), "-");
  EXPECT_EQ(name("SNI_FIRST"), "locations");
  connection.requested_server_name = "sni.example\n_";
  EXPECT_EQ(name(""), "sni.example__");
  EXPECT_EQ(name("SNI_FIRST"), "sni.example__");
  EXPECT_EQ(name("HOST_FIRST", "HOST"), "locations");
  EXPECT_EQ(name("HOST_FIRST", "ORIG"), "sni.example__");
}

TEST_F(LogSharedValueTest, CoalesceShowsTheFirstThatThereIs) {
  LogCommand first = command(LogField::coalesce);
  first.operators = {command(LogField::requested_server_name),
                     command(LogField::request_header, ":authority")};
  first.max_length = 3;
  EXPECT_EQ(text(first), "loc");
  first.operators.pop_back();
  EXPECT_EQ(text(first), "-");
}

TEST_F(LogSharedValueTest, WhatIsNotThereLooksAsInEnvoy) {
  EXPECT_EQ(text(command(LogField::custom_flags)), "");
  EXPECT_EQ(text(command(LogField::trace_id)), "-");
  EXPECT_EQ(text(command(LogField::downstream_local_address_endpoint_id)), "");
  EXPECT_EQ(text(command(LogField::downstream_detected_close_type)), "Normal");
  EXPECT_EQ(json(command(LogField::environment, "NO_SUCH_VARIABLE")), "{\"v\":\"-\"}\n");
}

}  // namespace
}  // namespace outrigger::observe
