// The queue of one stream: order, chunk borders, and memory that goes back.
#include "proxy/http2/send_queue.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::http2 {
namespace {

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST(SendQueue, GivesBackWhatWasAppendedInOrder) {
  ChunkPool pool;
  for (size_t written : {1, 7, 4079, 4080, 4081, 9000}) {
    for (size_t taken : {1, 1000, 4080, 100'000}) {
      SendQueue queue;
      queue.use(pool);
      const std::string sent = pattern(20'000);
      for (size_t at = 0; at < sent.size(); at += written) queue.append(sent.substr(at, written));
      ASSERT_EQ(queue.size(), sent.size());
      std::string received;
      while (!queue.empty()) {
        Bytes part = queue.front().substr(0, taken);
        ASSERT_FALSE(part.empty());
        received += part;
        queue.pop(part.size());
      }
      EXPECT_EQ(received, sent) << written << " " << taken;
    }
  }
}

TEST(SendQueue, HoldsNoMemoryWhileEmpty) {
  ChunkPool pool;
  SendQueue queue;
  queue.use(pool);
  queue.append(pattern(10'000));
  EXPECT_EQ(pool.free_chunks(), 0u);
  queue.clear();
  EXPECT_EQ(pool.free_chunks(), 3u);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.front().empty());
}

}  // namespace
}  // namespace outrigger::http2
