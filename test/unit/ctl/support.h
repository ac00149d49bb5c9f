// Files and routes for the tests of outriggerctl's parts.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tools/ctl/route_source.h"
#include "tools/ctl/test_file.h"

namespace outrigger::ctl {

// A folder that goes with the test.
class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/outrigger-ctl-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string file(const std::string& name, const std::string& text) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

 private:
  std::string path_;
};

// A table of one host "*" named "h" with these routes, a YAML list in one line.
inline std::unique_ptr<LoadedRoutes> routes_of(const std::string& routes, bool for_tests = true) {
  TestFolder folder;
  RouteSource source;
  source.path = folder.file("routes.yaml",
                            "virtual_hosts: [{name: h, domains: ['*'], routes: " + routes + "}]");
  source.raise_empty_fractions = for_tests;
  auto loaded = load_routes(source);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : nullptr;
}

inline TestInput get(const std::string& path) {
  TestInput input;
  input.authority = "host";
  input.path = path;
  return input;
}

}  // namespace outrigger::ctl
