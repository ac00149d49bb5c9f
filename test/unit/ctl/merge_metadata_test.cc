#include "tools/ctl/merge_metadata.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::ctl {
namespace {

MetadataStruct one(const std::string& key, MetadataValue::Variant value) {
  MetadataStruct out;
  out[key] = MetadataValue(std::move(value));
  return out;
}

TEST(CtlMergeMetadata, TheFirstStaysUnlessItMayBeOverwritten) {
  Metadata metadata;
  set_metadata("n", one("k", std::string("first")), false, metadata);
  set_metadata("n", one("k", std::string("second")), false, metadata);
  const std::string path[] = {"k"};
  EXPECT_EQ(*metadata.find("n", path)->string(), "first");
  set_metadata("n", one("k", std::string("third")), true, metadata);
  EXPECT_EQ(*metadata.find("n", path)->string(), "third");
}

TEST(CtlMergeMetadata, MergesStructsAndAppendsLists) {
  Metadata metadata;
  set_metadata("n", one("s", one("a", 1.0)), false, metadata);
  set_metadata("n", one("s", one("b", 2.0)), true, metadata);
  const std::string a[] = {"s", "a"};
  const std::string b[] = {"s", "b"};
  EXPECT_NE(metadata.find("n", a), nullptr);
  EXPECT_NE(metadata.find("n", b), nullptr);
  set_metadata("n", one("l", MetadataList{MetadataValue(1.0)}), true, metadata);
  set_metadata("n", one("l", MetadataList{MetadataValue(2.0)}), true, metadata);
  const std::string l[] = {"l"};
  EXPECT_EQ(std::get<MetadataList>(metadata.find("n", l)->get()).size(), 2u);
}

}  // namespace
}  // namespace outrigger::ctl
