#include "proxy/cpu_limit.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace outrigger {
namespace {

// A root folder with the files of /proc and /sys/fs/cgroup that matter.
class CpuLimit : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/outrigger-cgroup-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void file(const std::string& path, const std::string& text) {
    std::filesystem::path full = root_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  std::optional<uint32_t> limit() { return cgroup_cpu_limit(root_); }

  std::string root_;
};

TEST_F(CpuLimit, NoneWithoutFiles) {
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(CpuLimit, OfVersion2IsRoundedUp) {
  file("/proc/self/cgroup", "0::/\n");
  file("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(limit(), 2u);
  file("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(limit(), 2u);
  file("/sys/fs/cgroup/cpu.max", "10000 100000\n");
  EXPECT_EQ(limit(), 1u);
  file("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(CpuLimit, OfAnAncestorCounts) {
  file("/proc/self/cgroup", "0::/pods/pod1/app\n");
  file("/sys/fs/cgroup/pods/pod1/app/cpu.max", "400000 100000\n");
  file("/sys/fs/cgroup/pods/pod1/cpu.max", "300000 100000\n");
  file("/sys/fs/cgroup/pods/cpu.max", "max 100000\n");
  EXPECT_EQ(limit(), 3u);
}

TEST_F(CpuLimit, OfAContainerThatSeesTheHostsPath) {
  file("/proc/self/cgroup", "0::/docker/0123abcd\n");
  file("/sys/fs/cgroup/cpu.max", "100000 50000\n");
  EXPECT_EQ(limit(), 2u);
}

TEST_F(CpuLimit, OfVersion1) {
  file("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\n3:cpuset:/x\n");
  file("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
  file("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limit(), 3u);
  file("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(CpuLimit, OfVersion1UnderItsShortName) {
  file("/proc/self/cgroup", "4:cpuacct,cpu:/\n0::/\n");
  file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limit(), 1u);
}

TEST_F(CpuLimit, MalformedFilesAreNoLimit) {
  file("/proc/self/cgroup", "garbage\n0:\n0::relative\n0::/\n");
  for (const char* text :
       {"", "x y", "100000", "100000 0", "-5 100000", "99999999999999999999 1"}) {
    file("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(limit(), std::nullopt) << text;
  }
}

TEST(DefaultConcurrency, IsAtLeastOneAndAtMostTheProcessorsAllowed) {
  EXPECT_GE(allowed_processors(), 1u);
  EXPECT_GE(default_concurrency(), 1u);
  EXPECT_LE(default_concurrency(), allowed_processors());
}

}  // namespace
}  // namespace outrigger
