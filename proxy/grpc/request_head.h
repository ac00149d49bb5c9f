// The head of a gRPC request. Pure. Thread: any.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "api/grpc/client.h"
#include "api/http/header_map.h"

namespace outrigger::grpc {

// What is the same for every call of a process.
struct CallerIdentity {
  std::string user_agent = "grpc-c++-outrigger";
  std::string local_ip;  // for x-forwarded-for
};

struct RequestHead {
  const config::GrpcService& service;
  const CallOptions& options;
  const CallerIdentity& caller;
  std::string_view method;
  bool tls = false;
};

// All texts are copied into the map's arena.
void write_head(const RequestHead& head, http::HeaderMap& out);

// grpc-timeout: at most eight digits and a unit, rounded up: "1500m".
std::string timeout_text(std::chrono::milliseconds timeout);

}  // namespace outrigger::grpc
