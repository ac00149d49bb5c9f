// Values that clusters have alike are kept once.
#include "api/config/shared.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::config {
namespace {

using Text = Shared<std::string>;

TEST(SharedValues, EqualOnesAreOneObject) {
  SharedValues<std::string> values;
  Text a(std::string("x")), b(std::string("x")), c(std::string("y"));
  values.share(a);
  values.share(b);
  values.share(c);
  EXPECT_TRUE(a.is_same(b));
  EXPECT_FALSE(a.is_same(c));
  EXPECT_EQ(*c, "y");
}

TEST(SharedValues, TheDefaultIsThereAlways) {
  SharedValues<std::string> values;
  Text standard, equal{std::string()};
  EXPECT_FALSE(standard.is_same(equal));
  values.share(equal);
  EXPECT_TRUE(standard.is_same(equal));
}

TEST(SharedValues, WhoEditsHasACopyOfItsOwn) {
  SharedValues<std::string> values;
  Text a(std::string("x")), b(std::string("x"));
  values.share(a);
  values.share(b);
  b.edit() = "y";
  EXPECT_EQ(*a, "x");
  EXPECT_EQ(*b, "y");
}

TEST(SharedValues, WhatNobodyHoldsIsForgotten) {
  SharedValues<std::string> values;
  for (int i = 0; i < 1000; ++i) {
    Text passing(std::to_string(i));
    values.share(passing);
  }
  Text a(std::string("x")), b(std::string("x"));
  values.share(a);
  values.share(b);
  EXPECT_TRUE(a.is_same(b));
}

}  // namespace
}  // namespace outrigger::config
