// google.protobuf.Struct on the wire, for workers, which know no protobuf: what mesh peers tell
// each other of themselves. Written with its keys in order, so equal structs are equal octets.
// Thread: any. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/bytes.h"
#include "api/metadata.h"

namespace outrigger {

std::string encode_struct(const MetadataStruct& value);
// nullopt: not a Struct, or nested too deeply. Unknown fields are skipped.
std::optional<MetadataStruct> decode_struct(Bytes wire);
// google.protobuf.Value.
std::optional<MetadataValue> decode_struct_value(Bytes wire);

// google.protobuf.Any.
struct WireAny {
  std::string type_url;
  std::string value;
};
std::string encode_any(const WireAny& any);
std::optional<WireAny> decode_any(Bytes wire);

}  // namespace outrigger
