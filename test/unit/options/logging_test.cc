#include "proxy/logging.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "proxy/options.h"

namespace outrigger {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Logging : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/outrigger-log-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options_.log_path = path();
  }
  void TearDown() override {
    ASSERT_TRUE(set_up_logging(Options()).ok());
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return folder_ + "/log"; }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  std::string folder_;
  Options options_;
};

TEST_F(Logging, LinesLookLikeEnvoys) {
  ASSERT_TRUE(set_up_logging(options_).ok());
  OUTRIGGER_LOG(main, info, "starting {}", 1);
  EXPECT_THAT(
      read(path()),
      MatchesRegex("\\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+\\]\\[[0-9]+\\]\\[info\\]\\[main\\] "
                   "\\[test/unit/options/logging_test.cc:[0-9]+\\] starting 1\n"));
}

TEST_F(Logging, LevelsArePerComponentAndMayChange) {
  options_.log_level = log::Level::warning;
  options_.component_log_level = "upstream:debug,wasm:trace";
  options_.log_format = "%n %l %v";
  ASSERT_TRUE(set_up_logging(options_).ok());
  OUTRIGGER_LOG(upstream, debug, "seen");
  OUTRIGGER_LOG(http, info, "not seen");
  log::set_level(log::Component::http, log::Level::info);
  OUTRIGGER_LOG(http, info, "seen too");
  log::set_all_levels(log::Level::off);
  OUTRIGGER_LOG(http, critical, "not seen");
  EXPECT_EQ(read(path()), "upstream debug seen\nhttp info seen too\n");
}

// The arguments of a message that is not written are not even evaluated.
TEST_F(Logging, DisabledMessagesCostNoFormatting) {
  ASSERT_TRUE(set_up_logging(options_).ok());
  int formatted = 0;
  OUTRIGGER_LOG(http, trace, "{}", ++formatted);
  EXPECT_EQ(formatted, 0);
}

TEST_F(Logging, EscapedMessagesStayOnOneLine) {
  options_.log_format = "%%v %v";
  options_.log_format_escaped = true;
  ASSERT_TRUE(set_up_logging(options_).ok());
  OUTRIGGER_LOG(main, info, "a\nb\t\"c\"\x01");
  EXPECT_EQ(read(path()), "%v a\\nb\\t\\\"c\\\"\\001\n");
}

TEST_F(Logging, MessagesMayBePartOfJson) {
  options_.log_format = "{\"m\":\"%j\"}";
  ASSERT_TRUE(set_up_logging(options_).ok());
  OUTRIGGER_LOG(main, info, "it's \"a\"\nb\x01");
  EXPECT_EQ(read(path()), "{\"m\":\"it's \\\"a\\\"\\nb\\u0001\"}\n");
}

TEST_F(Logging, ReopensAfterRotation) {
  options_.log_format = "%v";
  ASSERT_TRUE(set_up_logging(options_).ok());
  OUTRIGGER_LOG(main, info, "one");
  std::filesystem::rename(path(), path() + ".1");
  OUTRIGGER_LOG(main, info, "two");
  ASSERT_TRUE(log::reopen_output());
  OUTRIGGER_LOG(main, info, "three");
  EXPECT_EQ(read(path() + ".1"), "one\ntwo\n");
  EXPECT_EQ(read(path()), "three\n");
}

TEST_F(Logging, KeepsTheOldFileWhenTheNewOneCannotBeOpened) {
  options_.log_format = "%v";
  ASSERT_TRUE(set_up_logging(options_).ok());
  Options wrong;
  wrong.log_path = folder_ + "/no/such/folder/log";
  EXPECT_THAT(std::string(set_up_logging(wrong).message()),
              EndsWith("/no/such/folder/log': No such file or directory"));
  OUTRIGGER_LOG(main, info, "still here");
  EXPECT_THAT(read(path()), HasSubstr("still here"));
}

TEST_F(Logging, SaysWhichFlagsDoNothing) {
  options_.log_format = "%v";
  options_.event_engine = EventEngine::io_uring;
  options_.disabled_extensions = "a";
  ASSERT_TRUE(set_up_logging(options_).ok());
  EXPECT_EQ(read(path()),
            "--event-engine io_uring: not in this build, running on epoll\n"
            "--disable-extensions a: no extension is disabled\n");
}

TEST(ComponentLevels, NamesAndLevelsAreChecked) {
  EXPECT_EQ(parse_component_levels("http:debug,wasm:info,pool:warn")->size(), 2u);
  EXPECT_TRUE(parse_component_levels("")->empty());
  EXPECT_FALSE(parse_component_levels("http:debug:x").ok());
  EXPECT_FALSE(parse_component_levels("nobody:debug").ok());
  EXPECT_FALSE(parse_component_levels("http:").ok());
}

}  // namespace
}  // namespace outrigger
