// Messages out of DATA octets, cut at any place.
#include "proxy/grpc/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrigger::grpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Error = MessageReader::Error;

std::string framed(std::string_view message, char flag = 0) {
  auto prefix = message_prefix(message.size());
  prefix[0] = flag;
  return std::string(prefix.data(), prefix.size()).append(message);
}

TEST(Frames, PrefixIsAFlagAndTheLengthInNetworkOrder) {
  auto prefix = message_prefix(0x01020304);
  EXPECT_THAT(prefix, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Frames, MessagesAreFoundWhereverTheOctetsAreCut) {
  std::string wire = framed("first") + framed("") + framed("third message");
  for (size_t size = 1; size <= wire.size(); ++size) {
    MessageReader reader;
    std::vector<std::string> messages;
    for (size_t at = 0; at < wire.size(); at += size)
      ASSERT_EQ(reader.feed(Bytes(wire).substr(at, size), messages), Error::none);
    EXPECT_THAT(messages, ElementsAre("first", "", "third message")) << size;
    EXPECT_TRUE(reader.between_messages());
  }
}

TEST(Frames, APartOfAMessageIsKnown) {
  MessageReader reader;
  std::vector<std::string> messages;
  EXPECT_EQ(reader.feed(Bytes(framed("abc")).substr(0, 7), messages), Error::none);
  EXPECT_FALSE(reader.between_messages());
  EXPECT_THAT(messages, IsEmpty());
}

TEST(Frames, ACompressedMessageIsAnErrorUnlessTheEncodingIsIdentity) {
  std::vector<std::string> messages;
  MessageReader strict;
  EXPECT_EQ(strict.feed(framed("a") + framed("b", 1), messages), Error::compressed);
  EXPECT_THAT(messages, ElementsAre("a"));  // what came before it counts
  EXPECT_EQ(strict.feed(framed("c"), messages), Error::compressed);
  EXPECT_THAT(messages, ElementsAre("a"));

  messages.clear();
  MessageReader lenient;
  lenient.allow_identity();
  EXPECT_EQ(lenient.feed(framed("b", 1), messages), Error::none);
  EXPECT_THAT(messages, ElementsAre("b"));
}

TEST(Frames, WhatIsNotAFlagIsAnError) {
  std::vector<std::string> messages;
  EXPECT_EQ(MessageReader().feed("<html>", messages), Error::bad_flag);
}

TEST(Frames, ALengthAboveTheLimitIsAnErrorBeforeItsOctetsArrive) {
  std::vector<std::string> messages;
  MessageReader small(4);
  EXPECT_EQ(small.feed(framed("four"), messages), Error::none);
  EXPECT_EQ(small.feed(Bytes(framed("fives")).substr(0, 5), messages), Error::too_large);

  auto huge = message_prefix(kMaxMessageBytes + 1);
  EXPECT_EQ(MessageReader().feed({huge.data(), huge.size()}, messages), Error::too_large);
}

}  // namespace
}  // namespace outrigger::grpc
