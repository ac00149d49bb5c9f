#include "api/struct_wire.h"

#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/text_format.h"
#include <gtest/gtest.h>

namespace outrigger {
namespace {

MetadataStruct sample() {
  MetadataStruct out;
  out["name"] = MetadataValue(std::string("shop-1"));
  out["ratio"] = MetadataValue(-1.5);
  out["flag"] = MetadataValue(true);
  out["nothing"] = MetadataValue();
  out["labels"].make_object()["app"] = MetadataValue(std::string("shop"));
  out["list"] = MetadataValue(MetadataList{MetadataValue(1.0), MetadataValue(std::string("x"))});
  return out;
}

TEST(StructWire, WhatIsWrittenIsReadByProtobuf) {
  google::protobuf::Struct read;
  ASSERT_TRUE(read.ParseFromString(encode_struct(sample())));
  EXPECT_EQ(read.fields().at("name").string_value(), "shop-1");
  EXPECT_EQ(read.fields().at("ratio").number_value(), -1.5);
  EXPECT_TRUE(read.fields().at("flag").bool_value());
  EXPECT_EQ(read.fields().at("nothing").kind_case(), google::protobuf::Value::kNullValue);
  EXPECT_EQ(read.fields().at("labels").struct_value().fields().at("app").string_value(), "shop");
  EXPECT_EQ(read.fields().at("list").list_value().values(1).string_value(), "x");
}

TEST(StructWire, WhatProtobufWritesIsRead) {
  google::protobuf::Struct message;
  ASSERT_TRUE(message.ParseFromString(encode_struct(sample())));
  std::string again = message.SerializeAsString();  // in any order
  auto read = decode_struct(again);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(*read == sample());
}

TEST(StructWire, WritesKeysInOrder) {
  MetadataStruct one, other;
  for (const char* key : {"a", "b"}) one[key] = MetadataValue(std::string("x"));
  for (const char* key : {"b", "a"}) other[key] = MetadataValue(std::string("x"));
  EXPECT_EQ(encode_struct(one), encode_struct(other));
}

TEST(StructWire, RefusesOctetsThatAreNoStruct) {
  std::string whole = encode_struct(sample());
  for (size_t size = 1; size < whole.size(); ++size) decode_struct(whole.substr(0, size));
  EXPECT_FALSE(decode_struct("\x0a\xff"));  // longer than what is there
  EXPECT_FALSE(decode_struct("\x0b"));      // a group
  EXPECT_FALSE(decode_struct(std::string(11, '\xff')));
  EXPECT_TRUE(decode_struct("")->empty());
}

TEST(StructWire, RefusesWhatIsNestedTooDeeply) {
  MetadataStruct deep;
  for (int i = 0; i < 100; ++i) {
    MetadataStruct outer;
    outer["x"] = MetadataValue(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_FALSE(decode_struct(encode_struct(deep)));
}

TEST(StructWire, AnyIsProtobufs) {
  google::protobuf::Any any;
  ASSERT_TRUE(any.ParseFromString(encode_any({"type.googleapis.com/a.B", "octets"})));
  EXPECT_EQ(any.type_url(), "type.googleapis.com/a.B");
  EXPECT_EQ(any.value(), "octets");
  auto read = decode_any(any.SerializeAsString());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->type_url, "type.googleapis.com/a.B");
  EXPECT_EQ(read->value, "octets");
}

}  // namespace
}  // namespace outrigger
