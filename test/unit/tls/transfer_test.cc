#include "gmock/gmock.h"

#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

using ::testing::HasSubstr;

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class Transfer : public TlsPair {
 protected:
  Transfer() { publish(); }
};

TEST_F(Transfer, PiecesOfEverySizeArriveInOrder) {
  connect();
  std::string sent;
  for (size_t size :
       {1u, 2u, 100u, 4095u, 16255u, 16256u, 16257u, 16384u, 40000u, 65536u, 200000u, 3u}) {
    std::string piece = pattern(size);
    c->transport->write(piece);
    sent += piece;
    if (size % 2 == 0) {
      loop.settle();
      carry(size == 2 ? 1 : 1000);
    }
  }
  loop.settle();
  carry(70000);
  EXPECT_EQ(s->received, sent);
}

TEST_F(Transfer, ReservedRoomAndWritesKeepTheirOrder) {
  connect();
  std::string sent;
  for (size_t size : {10u, 16000u, 300u, 20000u, 5u}) {
    std::string piece = pattern(size);
    char* room = s->transport->reserve(size + 50);
    std::copy(piece.begin(), piece.end(), room);
    s->transport->commit(size);
    s->transport->write("|");
    sent += piece + "|";
  }
  loop.settle();
  carry();
  EXPECT_EQ(c->received, sent);
}

TEST_F(Transfer, SmallWritesOfATurnAreOneRecord) {
  connect();
  for (int i = 0; i < 50; ++i) c->transport->write("0123456789");
  loop.settle();
  std::string wire = client_peer->received();
  EXPECT_LT(wire.size(), 500u + 60u);
  carry();
  EXPECT_EQ(s->received.size(), 500u);
}

TEST_F(Transfer, WhatIsWrittenBeforeTheHandshakeFollowsIt) {
  open();
  c->transport->write("early ");
  s->transport->write("server ");
  c->transport->write(pattern(40000));
  EXPECT_GE(c->transport->output_queued(), 40000u);
  loop.settle();
  carry();
  EXPECT_EQ(s->received, "early " + pattern(40000));
  EXPECT_EQ(c->received, "server ");
}

TEST_F(Transfer, APausedReaderGetsNothingUntilItResumes) {
  connect();
  s->pause_after_data = true;
  c->transport->write(pattern(100000));
  loop.settle();
  carry();
  size_t first = s->received.size();
  EXPECT_LT(first, 100000u);
  s->pause_after_data = false;
  loop.settle();
  EXPECT_EQ(s->received.size(), first);
  s->transport->pause_reading(false);
  loop.settle();
  carry();
  EXPECT_EQ(s->received, pattern(100000));
}

TEST_F(Transfer, PausedBetweenEveryDelivery) {
  connect();
  s->pause_after_data = true;
  std::string sent = pattern(300000);
  c->transport->write(sent);
  c->transport->shutdown_write();
  loop.settle();
  for (int i = 0; i < 1000 && s->eofs == 0; ++i) {
    carry(5000);
    s->transport->pause_reading(false);
    loop.settle();
  }
  EXPECT_EQ(s->received, sent);
  EXPECT_EQ(s->eofs, 1);
}

TEST_F(Transfer, AStalledPeerBlocksTheWriterAndResumesIt) {
  connect();
  s->transport->set_output_limit(100000);
  server_peer->stall(true);
  for (int i = 0; i < 20; ++i) s->transport->write(pattern(16000));
  loop.settle();
  EXPECT_EQ(s->blocked, 1);
  EXPECT_EQ(s->resumed, 0);
  EXPECT_GE(s->transport->output_queued(), 320000u);
  server_peer->stall(false);
  EXPECT_EQ(s->resumed, 1);
  EXPECT_EQ(s->transport->output_queued(), 0u);
  carry();
  EXPECT_EQ(c->received.size(), 320000u);
}

TEST_F(Transfer, WritingBeforeTheHandshakeBlocksAboveTheLimit) {
  open();
  c->transport->set_output_limit(50000);
  c->transport->write(pattern(60000));
  c->transport->flush();
  EXPECT_EQ(c->blocked, 1);
  carry();
  EXPECT_EQ(c->resumed, 1);
  EXPECT_EQ(s->received.size(), 60000u);
}

TEST_F(Transfer, CountsRecordsAsBytesOfTheNetwork) {
  connect();
  uint64_t before = c->transport->bytes_sent();
  c->transport->write(std::string(1000, 'x'));
  loop.settle();
  EXPECT_GT(c->transport->bytes_sent(), before + 1000);
}

// ---- the end

TEST_F(Transfer, CloseSendsWhatWaitsAndCloseNotify) {
  connect();
  s->transport->write("last words");
  s->transport->close_when_flushed();
  loop.settle();
  carry();
  EXPECT_EQ(c->received, "last words");
  EXPECT_EQ(c->eofs, 1);
  EXPECT_TRUE(server_peer->got_fin());
  c->transport->close_when_flushed();
  loop.settle();
  carry();
  EXPECT_EQ(s->closes, 1);
  EXPECT_EQ(s->error, 0);
  EXPECT_EQ(c->error, 0);
}

TEST_F(Transfer, AHalfCloseLetsTheOtherDirectionGoOn) {
  connect();
  c->transport->write("question");
  c->transport->shutdown_write();
  loop.settle();
  carry();
  EXPECT_EQ(s->received, "question");
  EXPECT_EQ(s->eofs, 1);
  EXPECT_EQ(s->closes, 0);
  c->transport->write("ignored");
  s->transport->write(pattern(50000));
  loop.settle();
  carry();
  EXPECT_EQ(c->received, pattern(50000));
  EXPECT_EQ(s->received, "question");
}

TEST_F(Transfer, ABareFinIsAnEnd) {
  connect();
  server_peer->close();
  EXPECT_EQ(s->eofs, 1);
  EXPECT_EQ(s->closes, 0);
  s->transport->close_when_flushed();
  loop.settle();
  EXPECT_EQ(s->closes, 1);
}

TEST_F(Transfer, CloseNotifyAndFinAreOneEnd) {
  connect();
  c->transport->close_when_flushed();
  loop.settle();
  carry();
  EXPECT_EQ(s->eofs, 1);
}

TEST_F(Transfer, AnEndBehindHeldDataWaitsForTheReader) {
  connect();
  s->transport->pause_reading(true);
  c->transport->write("data");
  c->transport->close_when_flushed();
  loop.settle();
  carry();
  EXPECT_EQ(s->received, "");
  EXPECT_EQ(s->eofs, 0);
  s->transport->pause_reading(false);
  loop.settle();
  carry();
  EXPECT_EQ(s->received, "data");
  EXPECT_EQ(s->eofs, 1);
}

TEST_F(Transfer, AResetIsToldAsItIs) {
  connect();
  server_peer->reset(ECONNRESET);
  EXPECT_EQ(s->closes, 1);
  EXPECT_EQ(s->error, ECONNRESET);
}

TEST_F(Transfer, ClosingFromInsideADeliveryDeliversNothingMore) {
  connect();
  s->close_after_data = true;
  c->transport->write(pattern(200000));
  loop.settle();
  carry();
  EXPECT_LE(s->received.size(), 70000u);
}

TEST_F(Transfer, TheTransportMayGoWhileDataWaits) {
  connect();
  c->transport->write("never sent");
  c.reset();
  s->transport->pause_reading(true);
  s.reset();
  loop.settle();
}

}  // namespace
}  // namespace outrigger::test
