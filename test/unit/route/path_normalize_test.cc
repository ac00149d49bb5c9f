#include "proxy/route/path_normalize.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::route {
namespace {

using config::EscapedSlashes;
using Kind = NormalizedPath::Kind;

struct Case {
  std::string_view path;
  std::string_view expected;  // as Envoy normalises it; empty: rejected
};

std::string normalized(std::string_view path, const NormalizeOptions& options) {
  ChunkPool pool;
  Arena arena(pool);
  NormalizedPath result = normalize_path(path, options, arena);
  if (result.kind == Kind::reject) return "";
  return std::string(result.kind == Kind::keep ? path : result.path);
}

void expect_all(std::initializer_list<Case> cases, const NormalizeOptions& options) {
  for (const Case& one : cases) EXPECT_EQ(normalized(one.path, options), one.expected) << one.path;
}

TEST(NormalizePath, ResolvesDotSegments) {
  expect_all({{"/a/../b", "/b"},
              {"/a/./b", "/a/b"},
              {"/..", "/"},
              {"/../..", "/"},
              {"/a/..", "/"},
              {"/a/.", "/a/"},
              {"/a/b/../", "/a/"},
              {"/a//../b", "/a/b"},
              {"/a/...", "/a/..."},
              {"/.a/b.", "/.a/b."},
              {"/a/%2e%2E/b", "/b"},
              {"/a/.%2e", "/"}},
             {.normalize = true});
}

TEST(NormalizePath, ReadsBackslashesAsSlashes) {
  expect_all({{"/a\\b", "/a/b"}, {"/a\\..\\b", "/b"}}, {.normalize = true});
}

TEST(NormalizePath, DropsTheParametersOfDotSegments) {
  expect_all({{"/a/..;v=1/b", "/b"}, {"/.;/b", "/b"}, {"/a;v/b", "/a;v/b"}}, {.normalize = true});
}

TEST(NormalizePath, UndoesNeedlessEscapesAndKeepsTheOthers) {
  expect_all({{"/%41%7e%2D%5f", "/A~-_"},
              {"/a%2fb%5c", "/a%2fb%5c"},
              {"/%c3%a9", "/%c3%a9"},
              {"/\"<>`{}|^", "/%22%3C%3E%60%7B%7D%7C%5E"},
              {"/[]@!$&'()*+,;=:", "/[]@!$&'()*+,;=:"}},
             {.normalize = true});
}

TEST(NormalizePath, PassesOnWhatIsNoEscapeButMakesNoneOfIt) {
  expect_all({{"/%", "/%"},
              {"/%zz", "/%zz"},
              {"/%4", "/%4"},
              {"/%%41", "/%A"},
              {"/%%34%31", "/%2541"},
              {"/%4%31", "/%2541"}},
             {.normalize = true});
}

TEST(NormalizePath, RejectsNulAndFragments) {
  expect_all({{"/%00", ""}, {"/a#b", ""}}, {.normalize = true});
  expect_all({{"/a#b", ""}}, {});
}

TEST(NormalizePath, LeavesTheQueryAlone) {
  expect_all({{"/a/../b?x=/../y//z", "/b?x=/../y//z"}}, {.normalize = true, .merge_slashes = true});
}

TEST(NormalizePath, MergesSlashes) {
  expect_all({{"/a//b///c", "/a/b/c"}, {"//a//", "/a/"}, {"/a?b//c", "/a?b//c"}, {"///", "//"}},
             {.merge_slashes = true});
}

TEST(NormalizePath, ActsOnEscapedSlashes) {
  ChunkPool pool;
  Arena arena(pool);
  NormalizeOptions options;
  EXPECT_EQ(normalize_path("/a%2Fb", options, arena).kind, Kind::keep);
  options.escaped_slashes = EscapedSlashes::reject_request;
  EXPECT_EQ(normalize_path("/a%2Fb", options, arena).kind, Kind::reject);
  EXPECT_EQ(normalize_path("/a%2Bb?c%2F", options, arena).kind, Kind::keep);
  options.escaped_slashes = EscapedSlashes::unescape_and_forward;
  EXPECT_EQ(normalize_path("/a%2f%5Cb?c%2F", options, arena).path, "/a/\\b?c%2F");
  options.escaped_slashes = EscapedSlashes::unescape_and_redirect;
  options.normalize = true;
  NormalizedPath redirect = normalize_path("/a%2f..%5Cb?c", options, arena);
  EXPECT_EQ(redirect.kind, Kind::redirect);
  EXPECT_EQ(redirect.path, "/b?c");
}

TEST(NormalizePath, ReturnsAPathThatNeedsNothingAsItIs) {
  ChunkPool pool;
  Arena arena(pool);
  NormalizeOptions options{.normalize = true, .merge_slashes = true};
  EXPECT_EQ(normalize_path("/style/site.css?v=1.2", options, arena).kind, Kind::keep);
}

TEST(NormalizePath, AnswersEveryOctetStringWithoutHarm) {
  // Whatever comes out of normalisation is a fixed point of it.
  uint32_t state = 12345;
  for (int round = 0; round < 20000; ++round) {
    std::string path = "/";
    for (uint32_t length = 1 + round % 9; length > 0; --length) {
      state = state * 1664525 + 1013904223;
      constexpr std::string_view kTokens = "/.%\\2e5cfFa;~\"4\x80\xc3\xa9";
      path += kTokens[(state >> 16) % kTokens.size()];
    }
    std::string once = normalized(path, {.normalize = true});
    if (once.empty() || once.find(".;") != std::string::npos) continue;
    EXPECT_EQ(normalized(once, {.normalize = true}), once) << path;
  }
}

}  // namespace
}  // namespace outrigger::route
