// TestCase: one test of a file of Envoy's router check tool: a request and what is expected of it.
// Thread: main. Lifetime: the run's. Made by tools/ctl/test_file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "envoy/config/route/v3/route_components.pb.h"

#include "api/config/route_match.h"
#include "api/metadata.h"

namespace outrigger::ctl {

struct HeaderText {
  std::string name;  // lower case
  std::string value;
};

struct TestInput {
  std::string authority;
  std::string path;
  std::string method = "GET";
  bool ssl = false;       // the scheme is https
  bool internal = false;  // x-envoy-internal is set
  uint64_t random = 0;    // for weights and fractions
  std::string runtime;    // the key whose fractions count; those of other keys choose nothing
  std::vector<HeaderText> request_headers;
  std::vector<HeaderText> response_headers;  // what the upstream is taken to have answered
  Metadata metadata;
};

struct HeaderExpectation {
  config::HeaderMatch match;
  envoy::config::route::v3::HeaderMatcher message;  // as written
};

struct MetadataExpectation {
  std::string filter;
  std::string key;
  std::string value;
};

// What is absent is not looked at.
struct Expectations {
  std::optional<std::string> cluster_name;
  std::optional<std::string> virtual_cluster_name;
  std::optional<std::string> virtual_host_name;
  std::optional<std::string> path_rewrite;
  std::optional<std::string> host_rewrite;
  std::optional<std::string> path_redirect;
  std::optional<uint32_t> code_redirect;
  std::optional<int64_t> timeout_ms;
  std::vector<HeaderExpectation> request_headers;
  std::vector<HeaderExpectation> response_headers;
  std::vector<HeaderText> request_fields;   // request_header_fields, deprecated
  std::vector<HeaderText> response_fields;  // response_header_fields, deprecated
  std::vector<MetadataExpectation> route_metadata;
};

struct TestCase {
  std::string name;
  TestInput input;
  Expectations expect;
};

}  // namespace outrigger::ctl
