// What the processes of a hot restart say to each other, octet by octet.
#include "proxy/hot_restart/protocol.h"

#include <gtest/gtest.h>

namespace outrigger::hot_restart {
namespace {

using Kind = Message::Kind;

Message roundtrip(const Message& message) {
  FrameReader reader;
  reader.feed(encode(message));
  Bytes frame;
  EXPECT_EQ(reader.next(frame), FrameReader::State::frame);
  auto out = decode(frame);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : Message{};
}

TEST(Protocol, EveryKindComesOutAsItWentIn) {
  for (int kind = 1; kind <= static_cast<int>(Kind::stats); ++kind) {
    Message in;
    in.kind = static_cast<Kind>(kind);
    in.address = *net::Address::from_ip("10.0.0.1", 80);
    EXPECT_EQ(roundtrip(in).kind, in.kind);
  }
  Message hello;
  hello.kind = Kind::hello;
  hello.number = kProtocolVersion;
  hello.epoch = 7;
  EXPECT_EQ(encode(hello), std::string("\0\0\0\x09\x01\0\0\0\x01\0\0\0\x07", 13));
  EXPECT_EQ(roundtrip(hello).epoch, 7u);
  Message refused;
  refused.kind = Kind::refused;
  refused.text = "no";
  EXPECT_EQ(roundtrip(refused).text, "no");
}

TEST(Protocol, Addresses) {
  for (const net::Address& address :
       {*net::Address::from_ip("10.0.0.1", 80), *net::Address::from_ip("::1", 65535),
        *net::Address::from_unix_path("/run/x"), *net::Address::from_unix_path("@x")}) {
    Message in;
    in.kind = Kind::take_socket;
    in.address = address;
    in.number = 3;
    Message out = roundtrip(in);
    EXPECT_EQ(out.address, address) << address.text();
    EXPECT_EQ(out.number, 3u);
  }
}

TEST(Protocol, Statistics) {
  Message in;
  in.kind = Kind::stats;
  in.number = 1;
  in.stats = {{StatValue::Kind::counter, "cluster.a.", "upstream_rq_200", ~uint64_t{0}},
              {StatValue::Kind::gauge, "", "x", 0}};
  EXPECT_EQ(roundtrip(in).stats, in.stats);
}

TEST(Protocol, WhatIsTooShortOrTooLongIsRefused) {
  Message in;
  in.kind = Kind::take_socket;
  in.address = *net::Address::from_ip("10.0.0.1", 80);
  std::string whole = encode(in).substr(4);
  EXPECT_TRUE(decode(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode(Bytes(whole).substr(0, size)).ok()) << size;
  EXPECT_FALSE(decode(whole + "x").ok());
  EXPECT_FALSE(decode(std::string("\0", 1)).ok());
  EXPECT_FALSE(decode("\x7f").ok());
}

TEST(Protocol, FramesAreFoundWhereverTheOctetsAreCut) {
  Message done;
  done.kind = Kind::done;
  std::string wire = encode(done) + encode(done);
  FrameReader reader;
  int frames = 0;
  Bytes frame;
  for (char octet : wire) {
    reader.feed({&octet, 1});
    while (reader.next(frame) == FrameReader::State::frame) ++frames;
  }
  EXPECT_EQ(frames, 2);
}

TEST(Protocol, ImpossibleLengthsAreErrors) {
  Bytes frame;
  FrameReader none;
  none.feed(std::string_view("\0\0\0\0", 4));
  EXPECT_EQ(none.next(frame), FrameReader::State::error);
  FrameReader huge;
  huge.feed("\x7f\xff\xff\xff");
  EXPECT_EQ(huge.next(frame), FrameReader::State::error);
}

}  // namespace
}  // namespace outrigger::hot_restart
