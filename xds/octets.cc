#include "xds/octets.h"

#include <xxhash.h>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace outrigger::xds {

std::string octets_of(const google::protobuf::Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return out;
}

Digest digest_of(std::string_view octets) {
  XXH128_hash_t hash = XXH3_128bits(octets.data(), octets.size());
  return {hash.low64, hash.high64};
}

}  // namespace outrigger::xds
