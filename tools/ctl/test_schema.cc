#include "tools/ctl/test_schema.h"

#include <string>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"

namespace outrigger::ctl {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

struct Row {
  const char* message;
  const char* field;
  const char* type;  // a scalar's name, or a message's with a leading "."
  bool repeated = false;
};

constexpr const char* kHeader = ".envoy.config.core.v3.HeaderValue";
constexpr const char* kMatcher = ".envoy.config.route.v3.HeaderMatcher";
constexpr const char* kText = ".google.protobuf.StringValue";

// https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/tools/router_check
constexpr Row kRows[] = {
    {"File", "tests", ".outrigger.route_check.Test", true},
    {"File", "runtime", ".google.protobuf.Struct"},

    {"Test", "test_name", "string"},
    {"Test", "input", ".outrigger.route_check.Input"},
    {"Test", "validate", ".outrigger.route_check.Validate"},

    {"Input", "authority", "string"},
    {"Input", "path", "string"},
    {"Input", "method", "string"},
    {"Input", "random_value", "uint64"},
    {"Input", "ssl", "bool"},
    {"Input", "internal", "bool"},
    {"Input", "runtime", "string"},
    {"Input", "additional_request_headers", kHeader, true},
    {"Input", "additional_response_headers", kHeader, true},
    {"Input", "dynamic_metadata", ".outrigger.route_check.DynamicMetadata", true},

    {"DynamicMetadata", "metadata_namespace", "string"},
    {"DynamicMetadata", "allow_overwrite", "bool"},
    {"DynamicMetadata", "value", ".google.protobuf.Struct"},
    {"DynamicMetadata", "typed_value", ".google.protobuf.Any"},

    {"Validate", "cluster_name", kText},
    {"Validate", "virtual_cluster_name", kText},
    {"Validate", "virtual_host_name", kText},
    {"Validate", "host_rewrite", kText},
    {"Validate", "path_rewrite", kText},
    {"Validate", "path_redirect", kText},
    {"Validate", "code_redirect", ".google.protobuf.UInt32Value"},
    {"Validate", "timeout", ".google.protobuf.Duration"},
    {"Validate", "request_header_fields", kHeader, true},
    {"Validate", "response_header_fields", kHeader, true},
    {"Validate", "request_header_matches", kMatcher, true},
    {"Validate", "response_header_matches", kMatcher, true},
    {"Validate", "route_metadata", ".outrigger.route_check.RouteMetadata", true},

    {"RouteMetadata", "namespace", "string"},
    {"RouteMetadata", "key", "string"},
    {"RouteMetadata", "value", "string"},
};

DescriptorProto& message_of(FileDescriptorProto& file, const std::string& name) {
  for (DescriptorProto& message : *file.mutable_message_type()) {
    if (message.name() == name) return message;
  }
  DescriptorProto& message = *file.add_message_type();
  message.set_name(name);
  return message;
}

FieldDescriptorProto::Type scalar_type(std::string_view name) {
  if (name == "bool") return FieldDescriptorProto::TYPE_BOOL;
  if (name == "uint64") return FieldDescriptorProto::TYPE_UINT64;
  return FieldDescriptorProto::TYPE_STRING;
}

void add_field(const Row& row, FileDescriptorProto& file) {
  DescriptorProto& message = message_of(file, row.message);
  FieldDescriptorProto& field = *message.add_field();
  field.set_name(row.field);
  field.set_number(message.field_size());
  field.set_label(row.repeated ? FieldDescriptorProto::LABEL_REPEATED
                               : FieldDescriptorProto::LABEL_OPTIONAL);
  if (row.type[0] == '.') {
    field.set_type(FieldDescriptorProto::TYPE_MESSAGE);
    field.set_type_name(row.type);
  } else {
    field.set_type(scalar_type(row.type));
  }
}

FileDescriptorProto describe_file() {
  FileDescriptorProto file;
  file.set_name("outrigger/route_check.proto");
  file.set_package("outrigger.route_check");
  file.set_syntax("proto3");
  for (const auto* type :
       {google::protobuf::Any::descriptor(), google::protobuf::Duration::descriptor(),
        google::protobuf::Struct::descriptor(), google::protobuf::StringValue::descriptor(),
        envoy::config::core::v3::HeaderValue::descriptor(),
        envoy::config::route::v3::HeaderMatcher::descriptor()}) {
    file.add_dependency(type->file()->name());
  }
  for (const Row& row : kRows) add_field(row, file);
  return file;
}

}  // namespace

TestSchema::TestSchema() : pool_(google::protobuf::DescriptorPool::generated_pool()) {
  factory_.SetDelegateToGeneratedFactory(true);
  file_ = pool_.BuildFile(describe_file())->FindMessageTypeByName("File");
}

std::unique_ptr<google::protobuf::Message> TestSchema::make_file() {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(file_)->New());
}

}  // namespace outrigger::ctl
