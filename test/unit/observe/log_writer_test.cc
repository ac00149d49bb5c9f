#include "proxy/observe/log_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "proxy/observe/access_log_sink.h"
#include "proxy/observe/stats_store.h"
#include "test/unit/observe/log_fixture.h"

namespace outrigger::observe {
namespace {

namespace fs = std::filesystem;
constexpr auto kNever = std::chrono::hours(1);  // no test waits for the timer

class LogWriterTest : public testing::Test, public LogFixture {
 protected:
  LogWriterTest() {
    char name[] = "/tmp/log_writer_test.XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~LogWriterTest() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string contents(const std::string& path) {
    std::stringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  static void log(LogChannel& channel, std::string_view line) {
    channel.write_line([&](LineBuffer& out) { out.append(line); });
  }
  std::shared_ptr<LogChannel> channel(LogWriter& writer, const std::string& name,
                                      unsigned worker = 0) {
    return writer.file(path(name))->channel(writer.stats(worker));
  }
  uint64_t stat(std::string_view name) {
    for (const auto& scope : store_.scopes()) {
      for (const StatField& field : scope->layout().fields) {
        if (field.name != name) continue;
        return field.kind == StatKind::gauge ? scope->gauge(field) : scope->counter(field);
      }
    }
    ADD_FAILURE() << "no statistic " << name;
    return 0;
  }

  std::string directory_;
  StatsStore store_;
  StatsScopePtr filesystem_ = store_.scope<FilesystemStats>("filesystem.");  // outlives the writer
};

TEST_F(LogWriterTest, WritesWhatWasLoggedBeforeAFlush) {
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "a.log");
  log(*c, "one\n");
  log(*c, "two\n");
  EXPECT_EQ(stat("write_total_buffered"), 8u);
  writer.flush();
  EXPECT_EQ(contents(path("a.log")), "one\ntwo\n");
  EXPECT_EQ(stat("write_buffered"), 2u);
  EXPECT_EQ(stat("write_completed"), 1u);
  EXPECT_EQ(stat("write_total_buffered"), 0u);
}

TEST_F(LogWriterTest, WritesTheRestAtItsEnd) {
  {
    LogWriter writer(store_, kNever);
    auto c = channel(writer, "a.log");
    log(*c, "last words\n");
    c->close();
  }
  EXPECT_EQ(contents(path("a.log")), "last words\n");
}

TEST_F(LogWriterTest, WritesByTimer) {
  LogWriter writer(store_, std::chrono::milliseconds(1));
  auto c = channel(writer, "a.log");
  log(*c, "soon\n");
  while (contents(path("a.log")) != "soon\n") std::this_thread::yield();
  while (stat("flushed_by_timer") == 0) std::this_thread::yield();
}

TEST_F(LogWriterTest, WritesAtOnceWhenABlockIsFull) {
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "a.log");
  std::string line(1000, 'x');
  line += '\n';
  for (size_t bytes = 0; bytes < LogChannel::kBlockBytes; bytes += line.size()) log(*c, line);
  while (!fs::exists(path("a.log")) || fs::file_size(path("a.log")) < 60'000) {
    std::this_thread::yield();
  }
}

TEST_F(LogWriterTest, KeepsTheLinesOfManyWorkersWhole) {
  constexpr int kWorkers = 4, kLines = 20'000;
  {
    LogWriter writer(store_, std::chrono::milliseconds(1));
    std::vector<std::thread> workers;
    for (int w = 0; w < kWorkers; ++w) {
      workers.emplace_back([&, w] {
        auto c = channel(writer, "a.log", static_cast<unsigned>(w));
        for (int i = 0; i < kLines; ++i) {
          log(*c, "w" + std::to_string(w) + " " + std::to_string(i) + "\n");
        }
        c->close();
      });
    }
    for (std::thread& worker : workers) worker.join();
  }
  // Every line is there once, in its worker's order.
  std::ifstream in(path("a.log"));
  std::vector<int> next(kWorkers, 0);
  char w = 0;
  int worker = 0, number = 0;
  while (in >> w >> worker >> number) {
    ASSERT_EQ(w, 'w');
    ASSERT_EQ(number, next.at(static_cast<size_t>(worker))++);
  }
  EXPECT_EQ(next, std::vector<int>(kWorkers, kLines));
  EXPECT_EQ(stat("write_dropped"), 0u);
}

TEST_F(LogWriterTest, ReopensARenamedFile) {
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "a.log");
  log(*c, "before\n");
  writer.flush();
  fs::rename(path("a.log"), path("a.log.1"));
  log(*c, "between\n");
  writer.reopen();
  writer.flush();
  log(*c, "after\n");
  writer.flush();
  EXPECT_EQ(contents(path("a.log.1")), "before\nbetween\n");
  EXPECT_EQ(contents(path("a.log")), "after\n");
}

TEST_F(LogWriterTest, KeepsTheRenamedFileWhereNoNewOneCanBeMade) {
  fs::create_directory(path("logs"));
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "logs/a.log");
  log(*c, "before\n");
  writer.flush();
  fs::rename(path("logs"), path("gone"));
  writer.reopen();
  writer.flush();
  log(*c, "after\n");
  writer.flush();
  EXPECT_GE(stat("reopen_failed"), 1u);
  EXPECT_EQ(contents(path("gone/a.log")), "before\nafter\n");
}

TEST_F(LogWriterTest, OpensOneFileForSeveralLoggers) {
  LogWriter writer(store_, kNever);
  EXPECT_EQ(writer.file(path("a.log")), writer.file(path("a.log")));
  auto first = channel(writer, "a.log", 0), second = channel(writer, "a.log", 1);
  log(*first, "1\n");
  log(*second, "2\n");
  writer.flush();
  EXPECT_EQ(contents(path("a.log")), "1\n2\n");
}

TEST_F(LogWriterTest, SaysWhichFileCannotBeOpened) {
  EXPECT_TRUE(LogWriter::check(path("a.log")).ok());
  absl::Status status = LogWriter::check(path("no/such/folder.log"));
  EXPECT_EQ(status.message(),
            "unable to open file '" + path("no/such/folder.log") + "': No such file or directory");
}

TEST_F(LogWriterTest, CountsWhatNoFileTakes) {
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "no/such/folder.log");
  log(*c, "lost\n");
  writer.flush();
  EXPECT_EQ(stat("reopen_failed"), 1u);
  EXPECT_EQ(stat("write_total_buffered"), 5u);  // the folder may still come
  c->close();
  writer.flush();
  EXPECT_EQ(stat("write_failed"), 1u);
  EXPECT_EQ(stat("write_total_buffered"), 0u);
}

TEST_F(LogWriterTest, DropsLinesRatherThanMemoryWhenNobodyReads) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  int reader = ::open(path("pipe").c_str(), O_RDWR);  // holds it open and never reads
  ASSERT_GE(reader, 0);
  {
    LogWriter writer(store_, kNever);
    auto c = channel(writer, "pipe");
    std::string line(100'000, 'x');
    for (uint64_t i = 0; i < 2 * LogChannel::kMaxQueuedBytes / line.size(); ++i) log(*c, line);
    EXPECT_GT(stat("write_dropped"), 50u);
    EXPECT_LT(c->queued_bytes(), LogChannel::kMaxQueuedBytes + line.size());
    c->close();
  }  // and its end does not wait for a reader
  ::close(reader);
}

TEST_F(LogWriterTest, FinishesAHalfWrittenLineBeforeOthers) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  int pipe = ::open(path("pipe").c_str(), O_RDWR);
  ASSERT_GE(pipe, 0);
  std::string long_line(200'000, 'a'), other = "other\n";  // a pipe holds 64 KiB
  long_line += '\n';
  std::string read;
  {
    LogWriter writer(store_, std::chrono::milliseconds(1));
    auto first = channel(writer, "pipe", 0), second = channel(writer, "pipe", 1);
    log(*first, long_line);
    log(*second, other);
    std::vector<char> buffer(1 << 16);
    while (read.size() < long_line.size() + other.size()) {
      ssize_t n = ::read(pipe, buffer.data(), buffer.size());
      ASSERT_GT(n, 0);
      read.append(buffer.data(), static_cast<size_t>(n));
    }
    first->close();
    second->close();
  }
  ::close(pipe);
  EXPECT_TRUE(read == long_line + other || read == other + long_line);
}

TEST_F(LogWriterTest, DropsALineThatIsTooLong) {
  LogWriter writer(store_, kNever);
  auto c = channel(writer, "a.log");
  log(*c, std::string(LogChannel::kMaxLineBytes - 1, 'x') + "\n");
  log(*c, std::string(64 * 1024 * 1024, 'y'));
  log(*c, "short\n");
  writer.flush();
  EXPECT_EQ(stat("write_dropped"), 1u);
  EXPECT_EQ(fs::file_size(path("a.log")), LogChannel::kMaxLineBytes + 6);
}

TEST_F(LogWriterTest, SinkWritesOneLineInEachLogThatWantsIt) {
  auto errors = std::make_shared<config::AccessLogFilter>();
  errors->kind = config::AccessLogFilter::Kind::status_code;
  errors->compare = config::AccessLogFilter::Compare::greater_equal;
  errors->value = 500;
  config::LogFormat code;
  code.format = config::SubstitutionFormat{command(LogField::response_code), literal(" "),
                                           command(LogField::hostname), literal("\n")};
  std::vector<config::AccessLog> logs = {{path("all.log"), code, nullptr},
                                         {path("errors.log"), code, errors}};
  LogWriter writer(store_, kNever);
  AccessLogSink sink(0, logs, writer);
  sink.log(context());
  info.response_code = 503;
  sink.log(context());
  LogContext nameless = context();
  nameless.hostname = {};
  sink.log(nameless);
  writer.flush();
  EXPECT_EQ(contents(path("all.log")), "204 vm-1\n503 vm-1\n503 " + writer.hostname() + "\n");
  EXPECT_EQ(contents(path("errors.log")), "503 vm-1\n503 " + writer.hostname() + "\n");
}

}  // namespace
}  // namespace outrigger::observe
