#include "proxy/runtime/output_queue.h"

#include <cstring>
#include <string>

#include "gtest/gtest.h"

namespace outrigger::runtime {
namespace {

std::string gathered(const OutputQueue& queue) {
  iovec pieces[64];
  int n = queue.gather(pieces, 64);
  std::string all;
  for (int i = 0; i < n; ++i) all.append(static_cast<char*>(pieces[i].iov_base), pieces[i].iov_len);
  return all;
}

TEST(OutputQueue, KeepsTheOrderOfAppendedAndReservedOctets) {
  SlabPool pool;
  OutputQueue queue(pool);
  queue.append("head ");
  std::memcpy(queue.reserve(100), "filled", 6);
  queue.commit(6);
  queue.append(" tail");
  EXPECT_EQ(gathered(queue), "head filled tail");
  EXPECT_EQ(queue.size(), 16u);
}

TEST(OutputQueue, WhatWasSentInPartGoesOnWhereItStopped) {
  SlabPool pool;
  OutputQueue queue(pool);
  std::string sent(100'000, 'a');
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);
  queue.append(sent);
  std::string received;
  while (!queue.empty()) {
    std::string next = gathered(queue).substr(0, 7'777);
    received += next;
    queue.consume(next.size());
  }
  EXPECT_EQ(received, sent);
}

TEST(OutputQueue, HoldsNoSlabWhileEmptyAndAReservationMayBeLargerThanOne) {
  SlabPool pool;
  OutputQueue queue(pool);
  std::memset(queue.reserve(60'000), 'x', 60'000);
  queue.commit(60'000);
  queue.append("y");
  EXPECT_EQ(gathered(queue), std::string(60'000, 'x') + "y");
  queue.consume(60'001);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(pool.free_slabs(), 1u);  // the large one went back to the system
  pool.trim(0);
  EXPECT_EQ(pool.free_slabs(), 0u);
}

TEST(SlabPool, GivesBackWhatABurstTookOnceItIsOver) {
  SlabPool pool;
  {
    OutputQueue queue(pool);
    queue.append(std::string(1'000'000, 'x'));
  }
  size_t after_burst = pool.free_slabs();
  EXPECT_GT(after_burst, 50u);
  pool.trim(after_burst);  // begins an interval
  pool.give(pool.take());
  pool.trim_unused();  // one of them was needed in it
  EXPECT_EQ(pool.free_slabs(), 1u);
}

}  // namespace
}  // namespace outrigger::runtime
