// What may be shown of a secret: everything but private keys, passwords and ticket keys, as Envoy's
// /config_dump. Thread: any.
#pragma once

#include "google/protobuf/any.pb.h"

namespace outrigger::xds {

// A body that is no Secret comes back without its octets: nobody knows what is in it.
google::protobuf::Any redact_secret(const google::protobuf::Any& body);

}  // namespace outrigger::xds
