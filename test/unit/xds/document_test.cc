#include "xds/document.h"

#include <fstream>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrigger::xds {
namespace {

using Kind = Node::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  Problems problems;
  std::unique_ptr<Document> document;
  const Node& at(std::string_view key) const { return *document->root()->find(key); }
};

Parsed yaml(std::string text) {
  Parsed out;
  out.document = Document::parse_yaml(std::move(text), "f.yaml", out.problems);
  return out;
}

Parsed json(std::string text) {
  Parsed out;
  out.document = Document::parse_json(std::move(text), "f.json", out.problems);
  return out;
}

// The tree in JSON's notation, with the kind of each scalar visible.
std::string shape(const Node* node) {
  if (node == nullptr) return "nothing";
  std::string out;
  switch (node->kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
    case Kind::number:
      return std::string(node->text());
    case Kind::string:
      return "'" + std::string(node->text()) + "'";
    case Kind::sequence:
      for (const Node* child = node->first_child(); child != nullptr; child = child->next)
        out += (out.empty() ? "" : " ") + shape(child);
      return "[" + out + "]";
    case Kind::mapping:
      for (const Node* child = node->first_child(); child != nullptr; child = child->next) {
        out += (out.empty() ? "" : " ") + std::string(child->key()) + ":" + shape(child);
      }
      return "{" + out + "}";
  }
  return out;
}

TEST(YamlDocument, KeepsTheTreeAndTheTypesOfPlainScalars) {
  Parsed parsed = yaml(
      "a: 1\nb: [yes, 'yes', 0x10, 010, -7, +7, 1.5, ~, null, x y]\nc: {d: Off, e: \"12\", f: "
      "yEs}\n");
  EXPECT_THAT(parsed.problems.lines(), IsEmpty());
  EXPECT_EQ(shape(parsed.document->root()),
            "{a:1 b:[true 'yes' 16 8 -7 7 '1.5' null null 'x y'] c:{d:false e:'12' f:'yEs'}}");
}

TEST(YamlDocument, LeavesNumbersBeyond64BitsAsText) {
  EXPECT_EQ(shape(yaml("[9223372036854775807, 9223372036854775808, -9223372036854775808, 08, 0x]")
                      .document->root()),
            "[9223372036854775807 '9223372036854775808' -9223372036854775808 '08' '0x']");
}

TEST(YamlDocument, KnowsTheLineOfEveryNode) {
  Parsed parsed = yaml("a:\n  b:\n  - x\n  - c: 1\n");
  const Node& b = *parsed.at("a").find("b");
  EXPECT_EQ(parsed.at("a").line, 1u);
  EXPECT_EQ(b.line, 2u);
  EXPECT_EQ(b.first->line, 3u);
  EXPECT_EQ(b.first->next->find("c")->line, 4u);
  EXPECT_EQ(b.first->next->find("c")->column, 5u);
}

TEST(YamlDocument, KeepsTextThatIsNotAsItStands) {
  Parsed parsed = yaml("a: \"x\\ty\"\nä: ö\nb: >\n  folded\n  text\n");
  EXPECT_EQ(shape(parsed.document->root()), "{a:'x\ty' ä:'ö' b:'folded text\n'}");
}

TEST(YamlDocument, ResolvesAliasesAndMergeKeys) {
  Parsed parsed = yaml(
      "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none: *b\ntwo: {<<: *b, y: 9}\nthree: {<<: "
      "[*b, *m]}\nfour: {<<: {q: 1}}\n");
  EXPECT_THAT(parsed.problems.lines(), IsEmpty());
  EXPECT_EQ(shape(&parsed.at("one")), "{x:1 y:2}");
  EXPECT_EQ(shape(&parsed.at("two")), "{y:9 x:1}");
  EXPECT_EQ(shape(&parsed.at("three")), "{x:1 y:2 z:4}");
  EXPECT_EQ(shape(&parsed.at("four")), "{q:1}");
}

TEST(YamlDocument, DropsWhatIsTaggedToBeIgnored) {
  EXPECT_EQ(shape(yaml("!ignore x: &x {a: 1}\nb: *x\n").document->root()), "{b:{a:1}}");
}

TEST(YamlDocument, RefusesAnAliasWithoutAnchorAndOneOfItself) {
  EXPECT_THAT(yaml("a: *nowhere\n").problems.lines(),
              ElementsAre("f.yaml:1:4: alias '*nowhere' has no anchor before it"));
  EXPECT_THAT(yaml("a: &a [*a]\n").problems.lines(),
              ElementsAre("f.yaml:1:8: alias '*a' has no anchor before it"));
}

TEST(YamlDocument, StopsABillionLaughs) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ", ") + last;
    text += "]\n";
  }
  EXPECT_THAT(yaml(text).problems.lines(),
              ElementsAre(HasSubstr("aliases stand for more than 1000000 nodes")));
}

TEST(YamlDocument, ReportsEveryDuplicateKeyWithBothLines) {
  Parsed parsed = yaml("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n");
  EXPECT_THAT(parsed.problems.lines(),
              ElementsAre("f.yaml:4:11: 'd' is there twice, first in line 4",
                          "f.yaml:3:1: 'a' is there twice, first in line 1"));
}

TEST(YamlDocument, FindsDuplicatesAmongManyKeys) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(yaml(text + "k3: 2\n").problems.lines(),
              ElementsAre("f.yaml:41:1: 'k3' is there twice, first in line 4"));
}

TEST(YamlDocument, ReportsSyntaxWithLineAndContext) {
  EXPECT_THAT(yaml("a: [1, 2\nb: 3\n").problems.lines(),
              ElementsAre("f.yaml:2:2: did not find expected ',' or ']' (while parsing a flow "
                          "sequence, which began in line 1)"));
  EXPECT_THAT(yaml("a: \xff\n").problems.lines(),
              ElementsAre(HasSubstr("f.yaml:1:1: invalid leading UTF-8 octet")));
}

TEST(YamlDocument, RefusesDepthAndKeysThatAreNoScalars) {
  EXPECT_THAT(yaml(std::string(200, '[')).problems.lines(),
              ElementsAre(HasSubstr("nested more than 100 levels deep")));
  EXPECT_THAT(yaml("{[a]: b}").problems.lines(),
              ElementsAre("f.yaml:1:2: a list or mapping cannot be a key"));
}

TEST(YamlDocument, WarnsOfASecondDocument) {
  Parsed parsed = yaml("a: 1\n---\nb: 2\n");
  EXPECT_EQ(shape(parsed.document->root()), "{a:1}");
  EXPECT_THAT(parsed.document->warnings(),
              ElementsAre("f.yaml:2:1: only the first document of the file is read"));
}

TEST(JsonDocument, KeepsTheTreeTypesAndLines) {
  Parsed parsed = json("{\"a\": [1, -2.50, 1e3, true, null, \"x\\ny\"],\n \"b\": {\"c\": \"12\"}}");
  EXPECT_THAT(parsed.problems.lines(), IsEmpty());
  EXPECT_EQ(shape(parsed.document->root()), "{a:[1 -2.50 1e3 true null 'x\ny'] b:{c:'12'}}");
  EXPECT_EQ(parsed.at("b").line, 2u);
  EXPECT_EQ(parsed.at("b").column, 2u);
}

TEST(JsonDocument, RefusesSyntaxDuplicatesDepthAndTrailingText) {
  EXPECT_THAT(json("{\"a\": 1,\n \"b\" 2}").problems.lines(),
              ElementsAre(HasSubstr("f.json:2:6: Missing a colon")));
  EXPECT_THAT(json("{\"a\": 1, \"a\": 2}").problems.lines(),
              ElementsAre("f.json:1:10: 'a' is there twice, first in line 1"));
  EXPECT_THAT(json(std::string(100000, '[')).problems.lines(),
              ElementsAre(HasSubstr("nested more than 100 levels deep")));
  EXPECT_THAT(json("{} {}").problems.lines(), ElementsAre(HasSubstr("f.json:1:4")));
  EXPECT_THAT(json(std::string("{}\0{}", 5)).problems.lines(),
              ElementsAre(HasSubstr("f.json:1:3")));
}

TEST(ReadDocument, ChoosesByExtension) {
  std::string folder = ::testing::TempDir();
  auto write = [&folder](const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
    return folder + "/" + name;
  };
  Problems problems;
  EXPECT_EQ(shape(read_document(write("a.yaml", "a: 1"), problems)->root()), "{a:1}");
  EXPECT_EQ(shape(read_document(write("a.YML", "a: 1"), problems)->root()), "{a:1}");
  EXPECT_EQ(shape(read_document(write("a.json", "{\"a\": 1}"), problems)->root()), "{a:1}");
  EXPECT_TRUE(problems.empty());
  read_document(write("a.conf", "a: 1"), problems);
  EXPECT_EQ(read_document(write("a.pb", ""), problems), nullptr);
  EXPECT_EQ(read_document(folder + "/missing.yaml", problems), nullptr);
  EXPECT_THAT(problems.lines(), ElementsAre(HasSubstr("Invalid value"),
                                            HasSubstr(".pb files are not supported by Outrigger"),
                                            HasSubstr("unable to read file")));
}

}  // namespace
}  // namespace outrigger::xds
