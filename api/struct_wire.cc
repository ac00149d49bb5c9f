#include "api/struct_wire.h"

#include <cstdint>
#include <cstring>

namespace outrigger {
namespace {

// Peers nest two levels (labels); what a hostile one sends costs stack.
constexpr int kMaxDepth = 16;

enum WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kFixed32 = 5
};

// Struct: map<string, Value> fields = 1. Entry: key = 1, value = 2. ListValue: values = 1. Any:
// type_url = 1, value = 2.
constexpr uint32_t kFields = 1, kKey = 1, kEntryValue = 2;
enum ValueField : uint32_t {
  kNull = 1,
  kNumber = 2,
  kString = 3,
  kBool = 4,
  kStruct = 5,
  kList = 6
};

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_tag(std::string& out, uint32_t field, WireType type) {
  put_varint(out, field << 3 | type);
}

void put_text(std::string& out, uint32_t field, std::string_view text) {
  put_tag(out, field, kLengthDelimited);
  put_varint(out, text.size());
  out += text;
}

std::string encode_value(const MetadataValue& value);

struct ValueEncoder {
  std::string& out;

  void operator()(std::monostate) const {
    put_tag(out, kNull, kVarint);
    put_varint(out, 0);
  }
  void operator()(bool flag) const {
    put_tag(out, kBool, kVarint);
    put_varint(out, flag ? 1 : 0);
  }
  void operator()(double number) const {
    uint64_t bits;
    std::memcpy(&bits, &number, sizeof(bits));
    put_tag(out, kNumber, kFixed64);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i));
  }
  void operator()(const std::string& text) const { put_text(out, kString, text); }
  void operator()(const MetadataStruct& object) const {
    put_text(out, kStruct, encode_struct(object));
  }
  void operator()(const MetadataList& list) const {
    std::string values;
    for (const MetadataValue& element : list) put_text(values, kFields, encode_value(element));
    put_text(out, kList, values);
  }
};

std::string encode_value(const MetadataValue& value) {
  std::string out;
  std::visit(ValueEncoder{out}, value.get());
  return out;
}

// The fields of one message, one after the other. A failed read ends it.
class FieldReader {
 public:
  explicit FieldReader(Bytes wire) : rest_(wire) {}

  bool failed() const { return failed_; }
  uint32_t field() const { return field_; }
  WireType type() const { return type_; }
  uint64_t number() const { return number_; }  // of a varint or fixed field
  Bytes bytes() const { return bytes_; }       // of a length-delimited one

  // False: the end, or what follows is no field.
  bool next() {
    if (failed_ || rest_.empty()) return false;
    uint64_t tag = 0;
    if (!varint(tag)) return false;
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    if (field_ == 0 || tag > 0xffffffff) return fail();
    switch (type_) {
      case kVarint:
        return varint(number_);
      case kFixed64:
        return fixed(8);
      case kFixed32:
        return fixed(4);
      case kLengthDelimited:
        return text();
    }
    return fail();  // groups are of another age
  }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  bool varint(uint64_t& out) {
    out = 0;
    for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
      auto octet = static_cast<unsigned char>(rest_[i]);
      out |= static_cast<uint64_t>(octet & 0x7f) << (7 * i);
      if (octet >= 0x80) continue;
      rest_.remove_prefix(i + 1);
      return true;
    }
    return fail();
  }
  bool fixed(size_t size) {
    if (rest_.size() < size) return fail();
    number_ = 0;
    for (size_t i = 0; i < size; ++i)
      number_ |= static_cast<uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(size);
    return true;
  }
  bool text() {
    uint64_t size = 0;
    if (!varint(size)) return false;
    if (size > rest_.size()) return fail();
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  Bytes rest_;
  Bytes bytes_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  WireType type_ = kVarint;
  bool failed_ = false;
};

bool decode_fields(Bytes wire, MetadataStruct& out, int depth);
bool decode_value(Bytes wire, MetadataValue& out, int depth);

bool decode_list(Bytes wire, MetadataList& out, int depth) {
  FieldReader reader(wire);
  while (reader.next()) {
    if (reader.field() != kFields || reader.type() != kLengthDelimited) continue;
    if (!decode_value(reader.bytes(), out.emplace_back(), depth)) return false;
  }
  return !reader.failed();
}

// The last member of the oneof that is there counts, as everywhere in protobuf.
bool decode_value(Bytes wire, MetadataValue& out, int depth) {
  if (depth > kMaxDepth) return false;
  FieldReader reader(wire);
  while (reader.next()) {
    bool delimited = reader.type() == kLengthDelimited;
    if (reader.field() == kNull && reader.type() == kVarint) {
      out = MetadataValue();
    } else if (reader.field() == kBool && reader.type() == kVarint) {
      out = MetadataValue(reader.number() != 0);
    } else if (reader.field() == kNumber && reader.type() == kFixed64) {
      uint64_t bits = reader.number();
      double number;
      std::memcpy(&number, &bits, sizeof(number));
      out = MetadataValue(number);
    } else if (reader.field() == kString && delimited) {
      out = MetadataValue(std::string(reader.bytes()));
    } else if (reader.field() == kStruct && delimited) {
      MetadataStruct object;
      if (!decode_fields(reader.bytes(), object, depth + 1)) return false;
      out = MetadataValue(std::move(object));
    } else if (reader.field() == kList && delimited) {
      MetadataList list;
      if (!decode_list(reader.bytes(), list, depth + 1)) return false;
      out = MetadataValue(std::move(list));
    }
  }
  return !reader.failed();
}

bool decode_entry(Bytes wire, MetadataStruct& out, int depth) {
  Bytes key, value;
  FieldReader reader(wire);
  while (reader.next()) {
    if (reader.type() != kLengthDelimited) continue;
    if (reader.field() == kKey) key = reader.bytes();
    if (reader.field() == kEntryValue) value = reader.bytes();
  }
  return !reader.failed() && decode_value(value, out[key], depth);
}

bool decode_fields(Bytes wire, MetadataStruct& out, int depth) {
  FieldReader reader(wire);
  while (reader.next()) {
    if (reader.field() != kFields || reader.type() != kLengthDelimited) continue;
    if (!decode_entry(reader.bytes(), out, depth)) return false;
  }
  return !reader.failed();
}

}  // namespace

std::string encode_struct(const MetadataStruct& value) {
  std::string out;
  for (const auto& [key, member] : value.members()) {
    std::string entry;
    put_text(entry, kKey, key);
    put_text(entry, kEntryValue, encode_value(member));
    put_text(out, kFields, entry);
  }
  return out;
}

std::optional<MetadataStruct> decode_struct(Bytes wire) {
  MetadataStruct out;
  if (!decode_fields(wire, out, 0)) return std::nullopt;
  return out;
}

std::optional<MetadataValue> decode_struct_value(Bytes wire) {
  MetadataValue out;
  if (!decode_value(wire, out, 0)) return std::nullopt;
  return out;
}

std::string encode_any(const WireAny& any) {
  std::string out;
  if (!any.type_url.empty()) put_text(out, 1, any.type_url);
  if (!any.value.empty()) put_text(out, 2, any.value);
  return out;
}

std::optional<WireAny> decode_any(Bytes wire) {
  WireAny out;
  FieldReader reader(wire);
  while (reader.next()) {
    if (reader.type() != kLengthDelimited) continue;
    if (reader.field() == 1) out.type_url = reader.bytes();
    if (reader.field() == 2) out.value = reader.bytes();
  }
  if (reader.failed()) return std::nullopt;
  return out;
}

}  // namespace outrigger
