// What a status of gRPC is worth where HTTP's are looked at. Thread: any.
#pragma once

#include <string_view>

namespace outrigger::route {

// The value of `grpc-status`; 500 for what is none.
int http_status_of_grpc(std::string_view status);

}  // namespace outrigger::route
