// The parts of the table of fields.h, one file each. Thread: any; constant.
#pragma once

#include "xds/fields.h"

namespace outrigger::xds {

extern const FieldTable kServerFields;
extern const FieldTable kListenerFields;
extern const FieldTable kNetworkFields;
extern const FieldTable kDownstreamFields;
extern const FieldTable kRouteFields;
extern const FieldTable kUpstreamFields;
extern const FieldTable kFilterFields;
extern const FieldTable kTlsFields;
extern const FieldTable kGrpcFields;
extern const FieldTable kMeshFields;

}  // namespace outrigger::xds
